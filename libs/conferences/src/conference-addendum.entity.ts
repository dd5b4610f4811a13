import { defineEntity, p } from '@mikro-orm/postgresql';

const ConferenceAddendumSchema = defineEntity({
  name: 'ConferenceAddendum',
  tableName: 'conference_addendum',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    conferenceId: p.uuid(),
    itemId: p.uuid(),
    text: p.text().fieldName('body'),
    signedAt: p.datetime(),
    signedBy: p.string(),
    signedName: p.string(),
    signature: p.text(),
  },
});

/** What was added to signed minutes. Append-only. */
export class ConferenceAddendum extends ConferenceAddendumSchema.class {}
ConferenceAddendumSchema.setClass(ConferenceAddendum);
