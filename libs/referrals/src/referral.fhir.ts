import type { Appointment, CodeableConcept, Communication, ContactPoint, Identifier, Practitioner, ServiceRequest, Task, TaskOutput } from '@medplum/fhirtypes';
import { CAIRN_CODES } from '@cairn/people';
import { LOCAL_STATES, businessStatusCoding, wordsFor, type Dialect, type Face, type FaceKey } from './referral.dialect.js';
import type { Outcome, Visit } from './referral.acts.js';
import type { Urgency } from './referral.settings.js';
import type { ReferralState } from './referral.workflow.js';

/** Identifier system of referrals: the filler's number on a Task, and both numbers on a request that Cairn placed. */
export const REFERRAL_IDENTIFIER = 'urn:cairn:referral';
const TASK_CODES = 'http://hl7.org/fhir/CodeSystem/task-code';
const IDENTIFIER_TYPES = 'http://terminology.hl7.org/CodeSystem/v2-0203';

/** What a referral shows of itself: the columns that its FHIR faces are made from. */
export interface ReferralView {
  readonly id: string;
  readonly patientId: string;
  readonly serviceRequestId: string;
  readonly taskId: string;
  readonly dialect: Dialect;
  readonly faceKey: FaceKey;
  /** Already told to the referrer: not what a decision that can still be undone says. */
  readonly urgency: Urgency;
  readonly reason: { readonly code: string; readonly text: string } | null;
  readonly outcome: Outcome | null;
  /** The clinic's Organization. */
  readonly clinic: { readonly reference: string; readonly display: string };
}

const local = (code: string, text: string): CodeableConcept => ({ coding: [{ system: CAIRN_CODES, code }], text });

const number = (type: 'PLAC' | 'FILL', { id, clinic }: Pick<ReferralView, 'id' | 'clinic'>): Identifier => ({
  type: { coding: [{ system: IDENTIFIER_TYPES, code: type }] },
  system: REFERRAL_IDENTIFIER,
  value: id,
  assigner: { ...clinic },
});

/** Whether the identifier is of this type of HL7 table 0203. */
export const isTyped = (identifier: Identifier, type: 'PLAC' | 'FILL'): boolean =>
  (identifier.type?.coding ?? []).some((coding) => coding.system === IDENTIFIER_TYPES && coding.code === type);

/** Whether the Task asks for its focus to be carried out. */
export const isFulfilTask = (task: Task): boolean => (task.code?.coding ?? []).some((coding) => coding.system === TASK_CODES && coding.code === 'fulfill');

/** The Task of a referral whose requester sent none; with the placer's number where Cairn placed the request. It bears no status yet that means anything: `showOnTask` sets it. */
export function newTask(view: ReferralView, request: ServiceRequest, placedHere: boolean, now: Date): Task & { id: string } {
  return {
    resourceType: 'Task',
    id: view.taskId,
    ...(placedHere ? { identifier: [number('PLAC', view)] } : {}),
    status: 'requested',
    intent: 'order',
    code: { coding: [{ system: TASK_CODES, code: 'fulfill', display: 'Fulfill the focal request' }] },
    focus: { reference: `ServiceRequest/${view.serviceRequestId}` },
    for: { reference: `Patient/${view.patientId}` },
    authoredOn: request.authoredOn ?? now.toISOString(),
    ...(request.requester ? { requester: seenFromOutside(request.requester) } : {}),
    owner: { ...view.clinic },
  };
}

/** The face that a Task bears now, in the dialect's eyes. */
export function faceOnTask(task: Task, dialect: Dialect): Face {
  const known = (task.businessStatus?.coding ?? []).find(
    (coding) => coding.code !== undefined && businessStatusCoding(dialect, { status: task.status, businessStatus: coding.code })?.system === coding.system,
  );
  return { status: task.status, businessStatus: known?.code };
}

const REASONED: readonly FaceKey[] = ['on-hold', 'redirected', 'declined', 'withdrawn', 'closed-not-seen', 'entered-in-error'];

/**
 * Changes the Task so that it shows the referral: status, businessStatus (the dialect's code, where it has one, and Cairn's state beside it), statusReason,
 * priority, owner, filler's number, and the outcome of a closed referral. All else stays as it was sent.
 */
export function showOnTask(task: Task, face: Face, view: ReferralView, now: Date): void {
  task.status = face.status;
  const coded = businessStatusCoding(view.dialect, face);
  task.businessStatus = { coding: [...(coded ? [coded] : []), { system: LOCAL_STATES, code: view.faceKey }], text: wordsFor(view.faceKey) };
  if (view.reason && REASONED.includes(view.faceKey)) task.statusReason = local(view.reason.code, view.reason.text);
  else delete task.statusReason;
  task.priority = view.urgency;
  task.owner ??= { ...view.clinic };
  if (!(task.identifier ?? []).some((identifier) => isTyped(identifier, 'FILL') && identifier.system === REFERRAL_IDENTIFIER)) {
    task.identifier = [...(task.identifier ?? []), number('FILL', view)];
  }
  if (view.faceKey === 'closed' && view.outcome) task.output = outputs(view.outcome);
  task.lastModified = laterOf(task.authoredOn, now);
}

/** A Task is never modified before it was authored (R4, inv-1), even when the sender's clock runs ahead. */
const laterOf = (authoredOn: string | undefined, now: Date): string =>
  authoredOn !== undefined && Date.parse(authoredOn) > now.getTime() ? authoredOn : now.toISOString();

const outputs = ({ summary, references }: Outcome): TaskOutput[] => {
  const type = local('referral-outcome', 'Outcome of the referral');
  return [{ type, valueString: summary }, ...references.map((reference) => ({ type, valueReference: { reference } }))];
};

const OWN_STATUS: Partial<Record<ReferralState, ServiceRequest['status']>> = {
  'on-hold': 'on-hold',
  redirected: 'revoked',
  declined: 'revoked',
  withdrawn: 'revoked',
  closed: 'completed',
  'closed-not-seen': 'revoked',
  'entered-in-error': 'entered-in-error',
};

/** The status of a request that Cairn placed itself. FHIR: from active to on-hold and back, and once to completed, revoked or entered-in-error. */
export const ownRequestStatus = (faceKey: FaceKey): ServiceRequest['status'] =>
  (Object.entries(OWN_STATUS).find(([state]) => state === faceKey)?.[1] ?? 'active');

/** Who asked for a referral that was not sent by an EHR, and how they can be told. */
export interface Requester {
  readonly display: string;
  readonly phone?: string | undefined;
  readonly email?: string | undefined;
  /** The postal address, line by line. */
  readonly address?: string | undefined;
}

/** The requester as the request contains them: known from it alone, and to nobody who may not read it. */
function practitionerOf({ display, phone, email, address }: Requester): Practitioner & { id: string } {
  const telecom: ContactPoint[] = [...(phone ? [{ system: 'phone' as const, value: phone }] : []), ...(email ? [{ system: 'email' as const, value: email }] : [])];
  return {
    resourceType: 'Practitioner',
    id: 'requester',
    name: [{ text: display }],
    ...(telecom.length > 0 ? { telecom } : {}),
    ...(address ? { address: [{ text: address }] } : {}),
  };
}

/** A request that Cairn places for somebody who phoned, faxed or wrote. */
export function ownRequest(
  view: Pick<ReferralView, 'id' | 'patientId' | 'serviceRequestId' | 'urgency' | 'clinic'>,
  facts: {
    readonly code: { readonly system: string; readonly code: string; readonly display?: string | undefined };
    readonly reasonText: string;
    readonly requester: Requester;
    readonly authoredOn: Date;
    readonly supporting: readonly string[];
  },
): ServiceRequest & { id: string } {
  const requester = practitionerOf(facts.requester);
  return {
    resourceType: 'ServiceRequest',
    id: view.serviceRequestId,
    status: 'active',
    intent: 'order',
    priority: view.urgency,
    identifier: [number('PLAC', view), number('FILL', view)],
    code: { coding: [{ ...facts.code }] },
    subject: { reference: `Patient/${view.patientId}` },
    authoredOn: facts.authoredOn.toISOString(),
    contained: [requester],
    requester: { reference: `#${requester.id}`, display: facts.requester.display },
    performer: [{ ...view.clinic }],
    reasonCode: [{ text: facts.reasonText }],
    ...(facts.supporting.length > 0 ? { supportingInfo: facts.supporting.map((reference) => ({ reference })) } : {}),
  };
}

/** What a request contains can't be referred to from elsewhere: there its name stands for it. */
const seenFromOutside = (requester: NonNullable<ServiceRequest['requester']>): NonNullable<ServiceRequest['requester']> =>
  requester.reference?.startsWith('#') ? { display: requester.display } : requester;

/** A message to the referrer, based on their request. `text` is what they read. */
export function noticeToReferrer(
  id: string,
  view: ReferralView,
  notice: { readonly code: string; readonly text: string; readonly urgent: boolean },
  requester: ServiceRequest['requester'],
  now: Date,
): Communication & { id: string } {
  return {
    resourceType: 'Communication',
    id,
    status: 'completed',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/communication-category', code: 'notification', display: 'Notification' }] }],
    priority: notice.urgent ? 'urgent' : 'routine',
    topic: local(notice.code, notice.code.replaceAll('-', ' ')),
    subject: { reference: `Patient/${view.patientId}` },
    basedOn: [{ reference: `ServiceRequest/${view.serviceRequestId}` }],
    about: [{ reference: `Task/${view.taskId}` }],
    ...(requester ? { recipient: [seenFromOutside(requester)] } : {}),
    sender: { ...view.clinic },
    sent: now.toISOString(),
    payload: [{ contentString: notice.text }],
  };
}

/** A visit that was agreed, based on the request. */
export function bookedAppointment(
  id: string,
  view: ReferralView,
  visit: Visit,
  now: Date,
): Appointment & { id: string } {
  return {
    resourceType: 'Appointment',
    id,
    status: 'booked',
    serviceType: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/service-type', code: '164', display: 'Anaesthesiology - Pain Medicine' }] }],
    ...(visit.description ? { description: visit.description } : {}),
    basedOn: [{ reference: `ServiceRequest/${view.serviceRequestId}` }],
    start: visit.start.toISOString(),
    end: new Date(visit.start.getTime() + visit.minutes * 60_000).toISOString(),
    minutesDuration: visit.minutes,
    created: now.toISOString(),
    participant: [
      { actor: { reference: `Patient/${view.patientId}` }, required: 'required', status: 'accepted' },
      visit.practitionerId
        ? { actor: { reference: `Practitioner/${visit.practitionerId}` }, required: 'required', status: 'accepted' }
        : { type: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'PPRF', display: 'primary performer' }] }], status: 'needs-action' },
    ],
  };
}

/** How an appointment ended. Source: R4 appointmentstatus; app-4 allows a reason only with cancelled and noshow. */
export function endAppointment(appointment: Appointment, ended: 'fulfilled' | 'noshow' | 'cancelled', reason?: string): void {
  appointment.status = ended;
  if (ended === 'cancelled' && reason !== undefined) appointment.cancelationReason = { text: reason };
}
