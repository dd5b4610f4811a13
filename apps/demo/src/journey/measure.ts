import type { Observation } from '@medplum/fhirtypes';
import { eventually } from '../eventually.js';
import { must } from '../story.js';
import type { Step } from './course.js';
import { recordsOf, taskWithStatus } from './hospital-records.js';
import { contactOf, messagesOf, reminderSent } from './messages.js';
import { presentTime, visitorOf, type World } from './world.js';

interface Assessment {
  readonly id: string;
  readonly instrument: string;
  readonly occasion: string;
  readonly state: string;
  readonly score: string | null;
}

interface Trend {
  readonly baseline: { readonly score: string } | null;
  readonly latest: { readonly score: string; readonly change: { readonly trend: string; readonly points: string; readonly percent?: string } | null } | null;
}

/** LOINC: the PEG's mean score. */
const PEG_TOTAL = 'http://loinc.org|91147-9';
const WEEK = 7 * 24 * 3_600_000;

/** The patient fills in the PEG by the link that was sent, and the answer is scored. */
export const baseline: Step = {
  name: 'baseline',
  title: 'The patient answers the PEG for the first time',
  async take(world, story, course) {
    const answers = { peg1: 8, peg2: 8, peg3: 7 };
    course.baseline = await answerPeg(world, course.patientId, 'baseline', answers);
    story.sees('Patient', `answers three questions behind a link: ${Object.values(answers).join(', ')}`);
    story.sees('Clinician', `sees a mean of ${course.baseline} as the baseline`);
  },
};

/** Later the same again: compared with the baseline, and told to the hospital. */
export const measure: Step = {
  name: 'measure',
  title: 'The PEG again: scored, compared, and in the hospital',
  async take(world, story, course) {
    const answers = { peg1: 5, peg2: 4, peg3: 4 };
    course.followUp = await answerPeg(world, course.patientId, 'follow-up', answers);
    const clinician = await world.staff('clinician');
    const trend = await clinician.get<Trend>(`/api/v1/patients/${course.patientId}/trends/peg`);
    must(trend.baseline?.score === course.baseline, `the baseline is ${course.baseline} (it is ${trend.baseline?.score})`);
    must(trend.latest?.change?.trend === 'improved', `the change is an improvement (it is ${trend.latest?.change?.trend})`);
    story.sees('Patient', `answers again: ${Object.values(answers).join(', ')}`);
    story.sees('Clinician', `sees ${trend.latest.score} against ${trend.baseline.score}: ${trend.latest.change.trend}${trend.latest.change.percent ? ` (${trend.latest.change.percent} %)` : ''}`);
    const patient = (await taskWithStatus(world, course.placer, 'in-progress')).for?.reference ?? '';
    const arrived = await eventually('the score is in the hospital', async () => {
      const scores = await recordsOf<Observation>(world, 'Observation', `subject=${patient}&code=${encodeURIComponent(PEG_TOTAL)}&_sort=-_lastUpdated`);
      return scores.find(({ valueQuantity }) => valueQuantity?.value === Number(course.followUp));
    });
    story.sees('Hospital', `receives the Observation “${arrived.code.coding?.[0]?.display ?? arrived.code.text ?? ''}”: ${arrived.valueQuantity?.value}`);
  },
};

/** Finds the open questionnaire, or asks for one; follows the link in the message as the patient would; returns the score. */
async function answerPeg(world: World, patientId: string, occasion: string, answers: Record<string, number>): Promise<string> {
  const coordinator = await world.staff('coordinator');
  const patient = await contactOf(world, patientId);
  const asked = await openPeg(world, patientId, occasion);
  await reminderSent(world, patientId, 'questionnaire', asked.id);
  const token = await eventually('a message with the link has arrived', async () => newestLink(await messagesOf(world, patient)));
  await visitorOf(world).post(`/api/v1/answers/${token}`, { answers });
  const done = await coordinator.get<Assessment>(`/api/v1/assessments/${asked.id}`);
  must(done.state === 'completed' && done.score !== null, `the questionnaire is completed and scored (it is ${done.state})`);
  return done.score;
}

async function openPeg(world: World, patientId: string, occasion: string): Promise<Assessment> {
  const coordinator = await world.staff('coordinator');
  const { items } = await coordinator.get<{ items: readonly Assessment[] }>(`/api/v1/assessments?patient=${patientId}&state=open`);
  const open = items.find(({ instrument, occasion: its }) => instrument === 'peg' && its === occasion);
  if (open) return open;
  const dueAt = new Date((await presentTime(world)).getTime() + WEEK).toISOString();
  const { body } = await coordinator.post<Assessment>('/api/v1/assessments', { patientId, instrument: 'peg', occasion, reason: 'Asked for before the review', dueAt });
  return body;
}

/** The token in the newest message that has a link to a questionnaire. */
function newestLink({ texts, mails }: Awaited<ReturnType<typeof messagesOf>>): string | undefined {
  const messages = [...texts.map(({ at, body }) => ({ at, text: body })), ...mails].sort((a, b) => a.at.localeCompare(b.at));
  return messages.map(({ text }) => /\/answer\/([\w.~-]+)/.exec(text)?.[1]).findLast((token) => token !== undefined);
}
