import { defineEntity, p } from '@mikro-orm/postgresql';
import type { ConferenceState } from './conference.workflow.js';

/** Somebody who works at the clinic, as a conference names them. */
export interface Colleague {
  readonly practitionerId: string;
  readonly name: string;
}

/** Who was there, or was missed. */
export interface Attendee extends Colleague {
  readonly discipline: string;
  readonly present: boolean;
}

const ConferenceSchema = defineEntity({
  name: 'Conference',
  tableName: 'conference',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    title: p.string(),
    state: p.string().$type<ConferenceState>(),
    startsAt: p.datetime(),
    endsAt: p.datetime(),
    invited: p.json().$type<readonly Colleague[]>(),
    attendance: p.json().$type<readonly Attendee[]>(),
    openedAt: p.datetime().nullable(),
    closedAt: p.datetime().nullable(),
    signedAt: p.datetime().nullable(),
    signedBy: p.string().nullable(),
    signedName: p.string().nullable(),
    minutesHash: p.string().nullable(),
    signature: p.string().nullable(),
    cancelReason: p.string().nullable(),
    changes: p.integer(),
    version: p.integer().version(),
  },
});

/** A meeting of the team. `changes` counts every act on it or its agenda, so that its version tells whoever signs that they have read what stands. */
export class Conference extends ConferenceSchema.class {}
ConferenceSchema.setClass(Conference);
