import type { Communication } from '@medplum/fhirtypes';
import { eventually } from '../eventually.js';
import { must } from '../story.js';
import type { Step } from './course.js';
import { recordsOf, taskWithStatus } from './hospital-records.js';
import { waitUntil } from './world.js';

interface Referral {
  readonly state: string;
  readonly flags: readonly { readonly flag: string; readonly label: string; readonly level: string; readonly state: string; readonly acknowledged: unknown }[];
  readonly decision: { readonly undoableUntil: string | null } | null;
}

/** A coordinator triages; a clinician has looked at every hard stop before. */
export const triage: Step = {
  name: 'triage',
  title: 'A coordinator triages it',
  async take(world, story, course) {
    const coordinator = await world.staff('coordinator');
    const clinician = await world.staff('clinician');
    const path = `/api/v1/referrals/${course.referralId}`;
    let body = await coordinator.get<Referral>(path);
    const found = body.flags.filter(({ state }) => state === 'found');
    const unknown = body.flags.filter(({ state }) => state === 'not-known');
    story.sees('Coordinator', `red flags: ${found.length ? found.map(({ label }) => label).join('; ') : 'none found'}; ${unknown.length} not known (which is not the same as clear)`);
    if (body.state === 'received') body = await coordinator.act<Referral>(path, 'triage');
    for (const flag of found.filter(({ level, acknowledged }) => level === 'hard-stop' && !acknowledged)) {
      await clinician.act(path, `flags/${flag.flag}/acknowledgement`, { actionTaken: 'Called the referrer; the patient was examined today and is not in danger.' });
      story.sees('Clinician', `acknowledges "${flag.label}" and says what was done`);
    }
    const decision = { urgency: 'urgent', pathway: 'conference', comment: 'Several disciplines are needed: discuss in the team.' };
    body = await coordinator.act<Referral>(path, 'acceptance', decision);
    must(body.state === 'accepted', `the referral is accepted (it is ${body.state})`);
    story.sees('Coordinator', 'accepts: urgent, to the team conference. It can be undone for two minutes, and nobody outside hears of it until then');
  },
};

/** When the undo window has closed, the referrer hears of it. */
export const tellReferrer: Step = {
  name: 'tell-referrer',
  title: 'The undo window closes, and the referrer hears of it',
  async take(world, story, course) {
    const coordinator = await world.staff('coordinator');
    const { decision } = await coordinator.get<Referral>(`/api/v1/referrals/${course.referralId}`);
    if (decision?.undoableUntil) await waitUntil(world, new Date(new Date(decision.undoableUntil).getTime() + 1_000));
    await taskWithStatus(world, course.placer, 'accepted');
    const message = await eventually('a Communication about the referral is in the hospital', async () => (await communications(world, course.placer))[0]);
    story.sees('Hospital', `its Task says "accepted", and a message arrived:\n“${message.payload?.[0]?.contentString ?? ''}”`);
  },
};

/** Messages about the referral's order, newest first. */
async function communications(world: Parameters<Step['take']>[0], placer: string): Promise<Communication[]> {
  const [task] = await recordsOf(world, 'Task', `identifier=${encodeURIComponent(placer)}`);
  const order = task?.resourceType === 'Task' ? task.focus?.reference : undefined;
  return order ? recordsOf<Communication>(world, 'Communication', `based-on=${order}&_sort=-_lastUpdated`) : [];
}
