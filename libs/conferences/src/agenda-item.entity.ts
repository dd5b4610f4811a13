import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Colleague } from './conference.entity.js';
import type { AgendaSource, RecommendationCode } from './conference-words.js';

export type ItemOutcome = 'decided' | 'not-discussed';

/** A recommendation as it was recorded in the meeting. It becomes an owned one when the minutes are signed. */
export interface DraftRecommendation {
  readonly code: RecommendationCode;
  readonly detail: string;
  readonly owner: Colleague;
  /** `YYYY-MM-DD`, by the clinic's calendar. */
  readonly dueDate: string;
}

/** What the team decided on an item, and how. */
export interface ItemDecision {
  readonly rationale: string;
  readonly votes: { readonly for: number; readonly against: number; readonly abstained: number };
  readonly dissent: readonly { readonly name: string; readonly reason: string }[];
  readonly recommendations: readonly DraftRecommendation[];
}

const AgendaItemSchema = defineEntity({
  name: 'AgendaItem',
  tableName: 'agenda_item',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    conferenceId: p.uuid().nullable(),
    position: p.integer(),
    patientId: p.string(),
    referralId: p.uuid().nullable(),
    serviceRequestId: p.string().nullable(),
    question: p.text(),
    presenter: p.json().$type<Colleague>().nullable(),
    minutes: p.integer(),
    source: p.string().$type<AgendaSource>(),
    urgentReason: p.text().nullable(),
    addedAt: p.datetime(),
    outcome: p.string().$type<ItemOutcome>().nullable(),
    decision: p.json().$type<ItemDecision>().nullable(),
    version: p.integer().version(),
  },
});

/** A patient whom the team is asked about. Without a conference it waits for the next one that is planned. `urgentReason` marks one added after the lock. */
export class AgendaItem extends AgendaItemSchema.class {}
AgendaItemSchema.setClass(AgendaItem);
