import { defineEntity, p } from '@mikro-orm/postgresql';

const IntakeLinkSchema = defineEntity({
  name: 'IntakeLink',
  tableName: 'intake_link',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    tokenHash: p.blob(),
    kind: p.string().$type<'self' | 'community-worker'>(),
    /** The community worker it was given to; nobody's name for a patient's own. */
    holder: p.string().nullable(),
    issuedAt: p.datetime(),
    issuedBy: p.string(),
    expiresAt: p.datetime(),
    revokedAt: p.datetime().nullable(),
    /** Referrals that came by it, in all and since the present hour began. */
    used: p.integer(),
    hourStartedAt: p.datetime().nullable(),
    usedThisHour: p.integer(),
  },
});

/** A link by which a patient, or a community worker for patients, refers without signing in. Only the hash of its token is kept. */
export class IntakeLink extends IntakeLinkSchema.class {}
IntakeLinkSchema.setClass(IntakeLink);
