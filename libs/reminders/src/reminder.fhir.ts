import type { CodeableConcept, Communication, Patient, Reference, Task } from '@medplum/fhirtypes';
import { CAIRN_CODES, type Channel } from '@cairn/people';
import { NEXT_STEP, type EscalationState } from './escalation.workflow.js';
import type { Escalation } from './escalation.entity.js';
import type { Reminder } from './reminder.entity.js';
import type { Answer, ReminderState } from './reminder.workflow.js';

const local = (code: string, text?: string): CodeableConcept => ({ coding: [{ system: CAIRN_CODES, code }], ...(text ? { text } : {}) });
const patientOf = (id: string): Reference<Patient> => ({ reference: `Patient/${id}` });

const MODES = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationMode';
/** R4 has a code for e-mail; a text message is only "online written" there. */
const MEDIUM: Record<Channel, CodeableConcept> = {
  email: { coding: [{ system: MODES, code: 'EMAILWRIT', display: 'email' }] },
  sms: { coding: [{ system: MODES, code: 'ONLINEWRIT', display: 'online written' }, { system: CAIRN_CODES, code: 'sms' }], text: 'Text message' },
};

const CATEGORY: CodeableConcept = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/communication-category', code: 'reminder', display: 'Reminder' }] };

const STATUS: Record<ReminderState, Communication['status']> = {
  pending: 'preparation',
  claimed: 'preparation',
  sending: 'in-progress',
  unknown: 'unknown',
  sent: 'completed',
  undelivered: 'not-done',
  delivered: 'completed',
  answered: 'completed',
  escalated: 'not-done',
  skipped: 'not-done',
  cancelled: 'not-done',
};

/**
 * A reminder as a Communication with the reminder's own id. It says to whom, about what, how and what became of it; never the text. Once a
 * provider took it, it has been communicated, whatever is decided about it later.
 */
export function reminderCommunication(reminder: Reminder): Communication & { id: string } {
  const status = reminder.sentAt ? 'completed' : STATUS[reminder.state];
  return {
    resourceType: 'Communication',
    id: reminder.id,
    identifier: [{ system: 'urn:cairn:reminder', value: reminder.id }],
    status,
    ...(status === 'not-done' && reminder.rule ? { statusReason: local(reminder.rule) } : {}),
    category: [CATEGORY],
    topic: local(reminder.kind),
    ...(reminder.channels.length > 0 ? { medium: reminder.channels.map((channel) => MEDIUM[channel]) } : {}),
    subject: patientOf(reminder.patientId),
    recipient: [patientOf(reminder.patientId)],
    about: [{ reference: `Task/${reminder.subjectId}` }],
    ...(reminder.sentAt ? { sent: reminder.sentAt.toISOString() } : {}),
  };
}

/** What came back from a phone. `text` stands only where a person must read it. */
export interface ReplyFacts {
  readonly id: string;
  readonly patientId: string | null;
  readonly reminderId: string | null;
  /** The number that wrote, kept only where no patient is known by it. */
  readonly from: string | null;
  readonly says: Answer | 'unmatched';
  readonly text: string | null;
  readonly receivedAt: Date;
}

/** A patient's reply as a Communication. */
export function replyCommunication(reply: ReplyFacts): Communication & { id: string } {
  const from: Pick<Communication, 'sender'> = reply.from ? { sender: { type: 'Patient', identifier: { system: 'urn:ietf:rfc:3966', value: `tel:${reply.from}` } } } : {};
  return {
    resourceType: 'Communication',
    id: reply.id,
    identifier: [{ system: 'urn:cairn:reply', value: reply.id }],
    status: 'completed',
    ...(reply.reminderId ? { inResponseTo: [{ reference: `Communication/${reply.reminderId}` }] } : {}),
    topic: local(`reply-${reply.says}`),
    medium: [MEDIUM.sms],
    ...(reply.patientId ? { subject: patientOf(reply.patientId), sender: patientOf(reply.patientId) } : from),
    received: reply.receivedAt.toISOString(),
    ...(reply.text ? { payload: [{ contentString: reply.text }] } : {}),
  };
}

const TASK_STATUS: Record<EscalationState, Task['status']> = { open: 'requested', resolved: 'completed', withdrawn: 'cancelled' };

/** An escalation as a Task for the coordinators, with the escalation's own id. */
export function escalationTask(escalation: Escalation, changedAt: Date): Task & { id: string } {
  const focus = escalation.replyId ?? escalation.reminderId;
  return {
    resourceType: 'Task',
    id: escalation.id,
    identifier: [{ system: 'urn:cairn:escalation', value: escalation.id }],
    status: TASK_STATUS[escalation.state],
    ...(escalation.outcome ? { businessStatus: local(escalation.outcome) } : {}),
    intent: 'order',
    priority: 'urgent',
    code: local('reach-patient', 'Reach the patient'),
    description: NEXT_STEP[escalation.reason],
    reasonCode: local(escalation.reason),
    ...(focus ? { focus: { reference: `Communication/${focus}` } } : {}),
    ...(escalation.patientId ? { for: patientOf(escalation.patientId) } : {}),
    authoredOn: escalation.openedAt.toISOString(),
    lastModified: changedAt.toISOString(),
    performerType: [local('coordination', 'Care coordinator')],
    restriction: { period: { end: escalation.dueAt.toISOString() } },
    ...(escalation.note ? { note: [{ text: escalation.note, time: changedAt.toISOString() }] } : {}),
  };
}
