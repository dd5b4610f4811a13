import { defineEntity, p } from '@mikro-orm/postgresql';
import type { ConferenceEvent, ConferenceState } from './conference.workflow.js';

const ConferenceTransitionSchema = defineEntity({
  name: 'ConferenceTransition',
  tableName: 'conference_transition',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    conferenceId: p.uuid(),
    itemId: p.uuid().nullable(),
    event: p.string().$type<ConferenceEvent | 'plan'>(),
    fromState: p.string().$type<ConferenceState>().nullable(),
    toState: p.string().$type<ConferenceState>(),
    at: p.datetime().fieldName('happened_at'),
    actorKind: p.string(),
    actorId: p.string(),
    reason: p.string().nullable(),
  },
});

/** One step of a conference. Append-only. */
export class ConferenceTransition extends ConferenceTransitionSchema.class {}
ConferenceTransitionSchema.setClass(ConferenceTransition);
