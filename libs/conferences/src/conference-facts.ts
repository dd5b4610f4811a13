import { availableEvents } from '@cairn/kernel';
import { may, type Actor, type Right } from '@cairn/platform';
import type { AgendaItem, ItemDecision, ItemOutcome } from './agenda-item.entity.js';
import type { Attendee, Colleague, Conference } from './conference.entity.js';
import type { ConferenceView, ItemView, NamedReference } from './conference.fhir.js';
import type { AgendaSource } from './conference-words.js';
import { conferenceWorkflow, type ConferenceEvent, type ConferenceFacts as WorkflowFacts, type ConferenceState } from './conference.workflow.js';
import { quorumOf, type Quorum, type QuorumRule } from './quorum.js';

/** An agenda item as the REST interface shows it. */
export interface ItemFacts {
  readonly id: string;
  /** Null while it waits for a conference to be planned. */
  readonly conferenceId: string | null;
  readonly patientId: string;
  readonly referralId: string | null;
  readonly question: string;
  readonly presenter: Colleague | null;
  readonly minutes: number;
  readonly source: AgendaSource;
  /** Added after the lock, as urgent. */
  readonly late: boolean;
  readonly urgentReason: string | null;
  readonly outcome: ItemOutcome | null;
  readonly decision: ItemDecision | null;
  readonly version: number;
}

/** A conference as the REST interface shows it. */
export interface ConferenceFacts {
  readonly id: string;
  readonly title: string;
  readonly state: ConferenceState;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly invited: readonly Colleague[];
  readonly attendance: readonly Attendee[];
  readonly quorum: Quorum;
  readonly items: readonly ItemFacts[];
  readonly signed: { readonly at: Date; readonly by: string; readonly sha256: string; readonly signature: string } | null;
  readonly cancelReason: string | null;
  /** What the person who asks may do now. */
  readonly availableActions: readonly ConferenceEvent[];
  readonly version: number;
}

/** The right that each act needs, for the routes and for what is offered. */
export const RIGHT_OF: Readonly<Record<ConferenceEvent, Right>> = {
  'add-item': 'conference.organise',
  lock: 'conference.organise',
  open: 'conference.organise',
  'record-attendance': 'conference.organise',
  decide: 'conference.decide',
  draft: 'conference.organise',
  sign: 'conference.sign',
  amend: 'conference.sign',
  cancel: 'conference.organise',
};

export const quorumOfThose = (rule: QuorumRule, attendance: readonly Attendee[]): Quorum =>
  quorumOf(
    rule,
    attendance.filter(({ present }) => present).map(({ discipline }) => discipline),
  );

/** What the workflow's rules look at. */
export const workflowFacts = (conference: Conference, items: readonly AgendaItem[], rule: QuorumRule, urgent = false): WorkflowFacts => ({
  items: items.length,
  open: items.filter(({ outcome }) => !outcome).length,
  decided: items.filter(({ outcome }) => outcome === 'decided').length,
  quorate: quorumOfThose(rule, conference.attendance).met,
  urgent,
});

export const itemFacts = (item: AgendaItem): ItemFacts => ({
  id: item.id,
  conferenceId: item.conferenceId ?? null,
  patientId: item.patientId,
  referralId: item.referralId ?? null,
  question: item.question,
  presenter: item.presenter ?? null,
  minutes: item.minutes,
  source: item.source,
  late: item.urgentReason != null,
  urgentReason: item.urgentReason ?? null,
  outcome: item.outcome ?? null,
  decision: item.decision ?? null,
  version: item.version,
});

export function conferenceFacts(conference: Conference, items: readonly AgendaItem[], rule: QuorumRule, actor: Actor): ConferenceFacts {
  const { signedAt, signedName, minutesHash, signature } = conference;
  return {
    id: conference.id,
    title: conference.title,
    state: conference.state,
    startsAt: conference.startsAt,
    endsAt: conference.endsAt,
    invited: conference.invited,
    attendance: conference.attendance,
    quorum: quorumOfThose(rule, conference.attendance),
    items: items.map(itemFacts),
    signed: signedAt && signedName && minutesHash && signature ? { at: signedAt, by: signedName, sha256: minutesHash, signature } : null,
    cancelReason: conference.cancelReason ?? null,
    // An urgent item is always offered as possible; whether it is urgent shows when it is added.
    availableActions: availableEvents(conferenceWorkflow, conference.state, workflowFacts(conference, items, rule, true)).filter((event) => may(actor, RIGHT_OF[event])),
    version: conference.version,
  };
}

/** What the conference's FHIR faces are made from. */
export const conferenceView = (conference: Conference, clinic: NamedReference): ConferenceView => ({
  id: conference.id,
  title: conference.title,
  state: conference.state,
  startsAt: conference.startsAt,
  endsAt: conference.endsAt,
  invited: conference.invited,
  attendance: conference.attendance,
  openedAt: conference.openedAt ?? null,
  closedAt: conference.closedAt ?? null,
  cancelReason: conference.cancelReason ?? null,
  clinic,
});

/** What the item's FHIR faces are made from. */
export const itemView = (item: AgendaItem): ItemView => ({
  id: item.id,
  conferenceId: item.conferenceId ?? null,
  patientId: item.patientId,
  serviceRequestId: item.serviceRequestId ?? null,
  question: item.question,
  presenter: item.presenter ?? null,
  source: item.source,
  late: item.urgentReason != null,
  outcome: item.outcome ?? null,
  addedAt: item.addedAt,
});
