import type { Appointment, CodeableConcept, Encounter, List, Task } from '@medplum/fhirtypes';
import { CAIRN_CODES } from '@cairn/people';
import type { ItemOutcome } from './agenda-item.entity.js';
import type { Attendee, Colleague } from './conference.entity.js';
import { sourceDisplay, type AgendaSource } from './conference-words.js';
import type { ConferenceState } from './conference.workflow.js';

/** A reference with the name that goes with it. */
export interface NamedReference {
  readonly reference: string;
  readonly display: string;
}

/** What a conference shows of itself. Its Appointment, Encounter and List bear the conference's own id. */
export interface ConferenceView {
  readonly id: string;
  readonly title: string;
  readonly state: ConferenceState;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly invited: readonly Colleague[];
  readonly attendance: readonly Attendee[];
  readonly openedAt: Date | null;
  readonly closedAt: Date | null;
  readonly cancelReason: string | null;
  /** The clinic's Organization. */
  readonly clinic: NamedReference;
}

/** What an agenda item shows of itself. Its Task bears the item's own id. */
export interface ItemView {
  readonly id: string;
  readonly conferenceId: string | null;
  readonly patientId: string;
  readonly serviceRequestId: string | null;
  readonly question: string;
  readonly presenter: Colleague | null;
  readonly source: AgendaSource;
  readonly late: boolean;
  readonly outcome: ItemOutcome | null;
  readonly addedAt: Date;
}

export const local = (code: string, text: string): CodeableConcept => ({ coding: [{ system: CAIRN_CODES, code, display: text }], text });

const practitioner = ({ practitionerId, name }: Colleague): NamedReference => ({ reference: `Practitioner/${practitionerId}`, display: name });

const CASE_CONFERENCE = local('case-conference', 'Case conference');

const APPOINTMENT_STATUS: Readonly<Record<ConferenceState, Appointment['status']>> = {
  planned: 'booked',
  'agenda-locked': 'booked',
  'in-session': 'arrived',
  'draft-minutes': 'fulfilled',
  signed: 'fulfilled',
  amended: 'fulfilled',
  cancelled: 'cancelled',
};

/** The meeting as planned. It names no patient: those stand on the agenda. */
export function appointmentOf(view: ConferenceView): Appointment & { id: string } {
  return {
    resourceType: 'Appointment',
    id: view.id,
    identifier: [{ system: 'urn:cairn:conference', value: view.id }],
    status: APPOINTMENT_STATUS[view.state],
    appointmentType: CASE_CONFERENCE,
    description: view.title,
    start: view.startsAt.toISOString(),
    end: view.endsAt.toISOString(),
    participant: view.invited.map((colleague) => ({ actor: practitioner(colleague), required: 'required', status: 'accepted' })),
    // R4 app-4: a reason only on what was cancelled.
    ...(view.state === 'cancelled' && view.cancelReason
      ? {
          cancelationReason: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason', code: 'prov', display: 'Provider' }],
            text: view.cancelReason,
          },
        }
      : {}),
  };
}

/** The meeting as held, or undefined before it began. */
export function encounterOf(view: ConferenceView): (Encounter & { id: string }) | undefined {
  if (!view.openedAt) return undefined;
  const present = view.attendance.filter((attendee) => attendee.present);
  return {
    resourceType: 'Encounter',
    id: view.id,
    identifier: [{ system: 'urn:cairn:conference', value: view.id }],
    status: view.closedAt ? 'finished' : 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB', display: 'ambulatory' },
    type: [CASE_CONFERENCE],
    appointment: [{ reference: `Appointment/${view.id}` }],
    period: { start: view.openedAt.toISOString(), ...(view.closedAt ? { end: view.closedAt.toISOString() } : {}) },
    ...(present.length > 0
      ? { participant: present.map((attendee) => ({ type: [local(attendee.discipline, attendee.discipline)], individual: practitioner(attendee) })) }
      : {}),
    serviceProvider: { ...view.clinic },
  };
}

/** The agenda: its items in order. */
export function agendaOf(view: ConferenceView, items: readonly ItemView[], now: Date): List & { id: string } {
  return {
    resourceType: 'List',
    id: view.id,
    identifier: [{ system: 'urn:cairn:conference', value: view.id }],
    status: view.state === 'cancelled' ? 'retired' : 'current',
    mode: view.state === 'planned' ? 'working' : 'snapshot',
    title: `Agenda: ${view.title}`,
    code: local('conference-agenda', 'Agenda of a case conference'),
    date: now.toISOString(),
    ...(view.openedAt ? { encounter: { reference: `Encounter/${view.id}` } } : {}),
    ...(items.length > 0
      ? { entry: items.map((item) => ({ ...(item.late ? { flag: local('late', 'Added after the lock') } : {}), item: { reference: `Task/${item.id}` } })) }
      : { emptyReason: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/list-empty-reason', code: 'notstarted', display: 'Not Started' }] } }),
  };
}

/** How an item's Task stands: it follows the conference until the signature settles it. */
function itemStatus({ outcome, conferenceId }: ItemView, state: ConferenceState | null): Task['status'] {
  if (state === 'signed' || state === 'amended') return outcome === 'decided' ? 'completed' : 'cancelled';
  if (conferenceId === null || state === null || state === 'planned') return 'requested';
  return state === 'agenda-locked' ? 'accepted' : 'in-progress';
}

/** The item: discuss this patient. `state` is its conference's, null while it waits for one. */
export function itemTask(item: ItemView, state: ConferenceState | null, now: Date): Task & { id: string } {
  const status = itemStatus(item, state);
  const notDiscussed = local('listed-not-discussed', 'Listed, not discussed');
  return {
    resourceType: 'Task',
    id: item.id,
    identifier: [{ system: 'urn:cairn:agenda-item', value: item.id }],
    ...(item.conferenceId ? { groupIdentifier: { system: 'urn:cairn:conference', value: item.conferenceId } } : {}),
    status,
    ...(status === 'cancelled' ? { statusReason: notDiscussed, businessStatus: notDiscussed } : {}),
    intent: 'order',
    priority: item.late ? 'urgent' : 'routine',
    code: local('case-discussion', 'Discuss in the case conference'),
    description: item.question,
    reasonCode: local(item.source, sourceDisplay(item.source)),
    ...(item.serviceRequestId ? { basedOn: [{ reference: `ServiceRequest/${item.serviceRequestId}` }] } : {}),
    for: { reference: `Patient/${item.patientId}` },
    ...(item.conferenceId && status !== 'requested' && status !== 'accepted' ? { encounter: { reference: `Encounter/${item.conferenceId}` } } : {}),
    authoredOn: item.addedAt.toISOString(),
    lastModified: now.toISOString(),
    ...(item.presenter ? { owner: practitioner(item.presenter) } : {}),
    ...(status === 'completed'
      ? { output: [{ type: local('decision', 'Decision'), valueReference: { reference: `ClinicalImpression/${item.id}` } }] }
      : {}),
  };
}
