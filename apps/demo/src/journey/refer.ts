import type { Bundle, OperationOutcome, Task } from '@medplum/fhirtypes';
import { must } from '../story.js';
import type { Step } from './course.js';
import { taskWithStatus } from './hospital-records.js';
import { hospitalOf } from './world.js';

interface Referred {
  readonly order: string;
  readonly patient: string;
  readonly entries: number;
  readonly answer: { readonly status: number; readonly body: OperationOutcome };
}

interface Ranking {
  readonly because: string;
  readonly patients: readonly { readonly reference: string; readonly painConditions: number; readonly painSeverity?: number }[];
}

interface Worklist {
  readonly items: readonly {
    readonly id: string;
    readonly patient: { readonly id: string; readonly name: string | null };
    readonly state: string;
    readonly urgency: string;
    readonly missing: number;
    readonly redFlags: { readonly hardStops: number; readonly concerns: number };
  }[];
}

/** The hospital sends its referral with everything that it rests on. */
export const refer: Step = {
  name: 'refer',
  title: 'The hospital refers a patient',
  async take(world, story, course) {
    const hospital = hospitalOf(world);
    const ranking = await hospital.get<Ranking>('/sandbox/patients');
    const wanted = course.hospitalPatientId === undefined ? ranking.patients[0]?.reference : `Patient/${course.hospitalPatientId}`;
    const chosen = ranking.patients.find(({ reference }) => reference === wanted);
    must(chosen, 'the hospital has a patient to refer');
    story.sees('Hospital', `chooses among ${ranking.patients.length} patients: ${ranking.because}`);
    const { body } = await hospital.post<Referred>('/sandbox/referrals', { patientId: chosen.reference.slice('Patient/'.length) });
    must(body.answer.status === 200, `Cairn took the transaction (it answered ${body.answer.status}: ${JSON.stringify(body.answer.body).slice(0, 600)})`);
    story.sees('Hospital', `gets a token for a signed assertion and posts a transaction of ${body.entries} entries; Cairn answers ${body.answer.status}`);
    const order = await hospital.get<{ identifier?: readonly { system?: string; value?: string }[] }>(`/sandbox/records/${body.order}`);
    const number = order.identifier?.[0];
    must(number?.system && number.value, 'the order has its placer number');
    course.placer = `${number.system}|${number.value}-task`;
  },
};

/** It stands on the worklist, looked through for red flags and for what is missing. */
export const arrive: Step = {
  name: 'arrive',
  title: 'It stands on the worklist',
  async take(world, story, course) {
    const coordinator = await world.staff('coordinator');
    const tasks = await coordinator.get<Bundle<Task>>(`/fhir/Task?identifier=${encodeURIComponent(course.placer)}`);
    const patient = tasks.entry?.[0]?.resource?.for?.reference?.slice('Patient/'.length);
    must(patient, 'the Task that the hospital sent can be found by its placer number');
    const { items } = await coordinator.get<Worklist>(`/api/v1/referrals?view=open&patient=${patient}`);
    const item = items.find(({ state }) => state === 'received');
    must(item, 'the referral stands on the worklist');
    course.referralId = item.id;
    course.patientId = item.patient.id;
    course.patientName = item.patient.name ?? 'a patient without a name';
    const { hardStops, concerns } = item.redFlags;
    story.sees('Coordinator', `${course.patientName}: ${item.urgency}; hard stops: ${hardStops}, concerns: ${concerns}, missing of the minimum data set: ${item.missing}`);
    const task = await taskWithStatus(world, course.placer, 'received');
    story.sees('Hospital', `its Task says "${task.status}"${task.businessStatus?.coding?.[0]?.code ? ` (business status ${task.businessStatus.coding[0].code})` : ''}`);
  },
};
