import type { Bundle, Practitioner } from '@medplum/fhirtypes';
import { must } from '../story.js';
import type { Step } from './course.js';
import { presentTime } from './world.js';

interface Conference {
  readonly id: string;
  readonly state: string;
  readonly items: readonly { readonly id: string; readonly version: number }[];
  readonly quorum: { readonly met: boolean };
  readonly signed: { readonly by: string; readonly sha256: string } | null;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The team discusses the case, recommends and signs. */
export const confer: Step = {
  name: 'confer',
  title: 'The team discusses the case, and signs its minutes',
  async take(world, story, course) {
    const lead = await world.staff('conference-lead');
    const practitioners = await lead.get<Bundle<Practitioner>>('/fhir/Practitioner?_count=50');
    const team = (practitioners.entry ?? []).flatMap(({ resource }) => (resource?.id && resource.name?.[0]?.text?.startsWith('Demo') ? [{ id: resource.id, name: resource.name[0].text }] : []));
    const owner = team.find(({ name }) => name === 'Demo physiotherapist');
    must(owner, 'the clinic has its team');
    const starts = new Date((await presentTime(world)).getTime() + HOUR);
    const planned = await lead.post<Conference>('/api/v1/conferences', {
      title: 'Team conference',
      startsAt: starts.toISOString(),
      endsAt: new Date(starts.getTime() + HOUR).toISOString(),
      invited: team.map(({ id }) => id),
    });
    const path = `/api/v1/conferences/${planned.body.id}`;
    let { body } = await lead.post<Conference>(`${path}/agenda-items`, {
      patientId: course.patientId,
      referralId: course.referralId,
      question: 'Which disciplines should begin, and in what order?',
      presenterId: owner.id,
      minutes: 15,
      source: 'referral',
    });
    const itemId = body.items[0]?.id ?? '';
    await lead.act(path, 'lock');
    const pack = await lead.get<Bundle>(`${path}/agenda-items/${itemId}/case-pack`);
    story.sees('Conference lead', `locks the agenda; the case pack is a FHIR document of ${pack.entry?.length ?? 0} resources`);
    await lead.act(path, 'session');
    const attendees = team.map(({ id }) => ({ practitionerId: id, present: true }));
    body = await lead.act<Conference>(path, 'attendance', { attendees }, 'PUT');
    must(body.quorum.met, 'the conference has its quorum');
    const due = new Date(starts.getTime() + 14 * DAY).toISOString().slice(0, 10);
    const item = body.items[0];
    await lead.put(
      `${path}/agenda-items/${itemId}/decision`,
      {
        outcome: 'decided',
        rationale: 'Movement has become smaller and smaller; nothing speaks against a graded return.',
        votes: { for: attendees.length, against: 0, abstained: 0 },
        dissent: [],
        recommendations: [
          { code: 'physiotherapy', detail: 'Graded walking and strengthening, twice a week', ownerId: owner.id, dueDate: due },
          { code: 'self-management', detail: 'Pacing and a flare-up plan', ownerId: owner.id, dueDate: due },
        ],
      },
      { ifMatch: `W/"${item?.version ?? 1}"` },
    );
    await lead.act(path, 'minutes');
    body = await lead.act<Conference>(path, 'signature');
    must(body.state === 'signed' && body.signed, `the minutes are signed (they are ${body.state})`);
    story.sees('Conference lead', `records two recommendations and signs the minutes (SHA-256 ${body.signed.sha256.slice(0, 12)}…)`);
    const { items } = await lead.get<{ items: readonly { id: string }[] }>(`/api/v1/recommendations?patient=${course.patientId}`);
    must(items[0], 'the recommendations are owned tasks');
    course.recommendationIds = items.map(({ id }) => id);
  },
};
