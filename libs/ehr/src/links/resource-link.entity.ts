import { defineEntity, p } from '@mikro-orm/postgresql';

const EhrResourceLinkSchema = defineEntity({
  name: 'EhrResourceLink',
  tableName: 'ehr_resource_link',
  properties: {
    clinicId: p.uuid().primary(),
    connectionId: p.uuid().primary(),
    resourceType: p.string().primary(),
    resourceId: p.string().primary(),
    form: p.string().primary(),
    formVersion: p.integer().primary(),
    remoteId: p.string(),
    remoteVersion: p.string().strictNullable(),
    placedBy: p.string().$type<'ehr' | 'cairn'>(),
    agreedHash: p.string().strictNullable(),
    learnedAt: p.datetime(),
  },
});

/**
 * Which resource at an EHR stands for one of Cairn's: one that the EHR placed, found there by its identifier, or one that Cairn made there.
 * `form` is the type there, `formVersion` the version of Cairn's that it tells, 0 where it stands for all. `agreedHash` is a digest of the
 * content on which both sides last agreed, by which a foreign change is noticed.
 */
export class EhrResourceLink extends EhrResourceLinkSchema.class {}
EhrResourceLinkSchema.setClass(EhrResourceLink);
