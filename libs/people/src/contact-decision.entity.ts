import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Channel, DecisionKind, Topic, Way } from './contact-words.js';

const ContactDecisionSchema = defineEntity({
  name: 'ContactDecisionEntry',
  tableName: 'contact_decision',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    patientId: p.string(),
    kind: p.string().$type<DecisionKind>(),
    topic: p.string().$type<Topic | 'all'>(),
    channel: p.string().$type<Channel>().strictNullable(),
    how: p.string().$type<Way>(),
    at: p.datetime().fieldName('recorded_at'),
    actorKind: p.string(),
    actorId: p.string(),
  },
});

/** One line of the append-only ledger of what a patient decided about being contacted. */
export class ContactDecisionEntry extends ContactDecisionSchema.class {}
ContactDecisionSchema.setClass(ContactDecisionEntry);
