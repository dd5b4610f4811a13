import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenService } from '@cairn/platform';
import { startTestApp, testEnvironment, type TestApp } from '../support/app.js';
import { asOwner } from '../support/clinic-settings.js';
import { Staff, hospital, referralBundle, send, type ReferralAnswer } from '../support/referral-factory.js';

const COORDINATORS = 50;
const REFERRALS = 12;
/** Setting up and the crowd's morning take some seconds on a machine that does nothing else. */
const PATIENCE_MS = 120_000;

interface Tried {
  readonly id: string;
  readonly act: string;
  readonly status: number;
  readonly body: { code?: string; detail?: string };
}

const decisions = ['acceptance', 'decline', 'redirection'] as const;
const bodies = {
  acceptance: { urgency: 'routine', pathway: 'assessment', comment: 'Fits the clinic.' },
  decline: { reason: 'outside-scope', advice: 'Please refer to the regional centre.' },
  redirection: { to: 'Regional centre', comment: 'A surgical question.' },
};

describe('fifty coordinators on one worklist', () => {
  let app: TestApp;
  let crowd: Staff[];
  const tried: Tried[] = [];
  const before = new Map<string, number>();
  const after = new Map<string, ReferralAnswer>();

  beforeAll(async () => {
    app = await startTestApp();
    const { fhir } = await hospital(app, 'plain');
    crowd = await Promise.all(
      Array.from({ length: COORDINATORS }, async (_, index) => {
        const actor = { kind: 'person' as const, id: `coordinator-${index}`, name: `Coordinator ${index}`, roles: ['coordinator' as const] };
        return new Staff(app, `Bearer ${(await app.get(TokenService).issueDemo(app.clinicId, actor)).access_token}`);
      }),
    );
    for (let index = 0; index < REFERRALS; index += 1) await send(fhir, referralBundle());
    const { body } = await first().call<{ items: { id: string }[] }>('GET', '/referrals?view=open&limit=100');
    for (const { id } of body.items) before.set(id, (await first().act(id, 'POST', 'triage')).version);
    await Promise.all(crowd.map((person, index) => morning(person, index)));
    for (const id of before.keys()) after.set(id, (await first().read(id)).body);
  }, PATIENCE_MS);
  afterAll(() => app.stop());

  const first = (): Staff => {
    const [person] = crowd;
    if (!person) throw new Error('Nobody is there.');
    return person;
  };

  /** Works from the top of the list as everybody does: reads, claims now and then, routes or decides, at the version that was read. */
  async function morning(person: Staff, index: number): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      const page = await person.call<{ items: { id: string; state: string }[] }>('GET', '/referrals?view=open&limit=8');
      const choice = page.body.items.filter(({ state }) => state === 'in-triage');
      const target = choice[(index + round) % Math.max(1, Math.min(choice.length, 4))];
      if (!target) return;
      if (index % 5 === 0) await person.call('PUT', `/referrals/${target.id}/claim`);
      const { etag } = await person.read(target.id);
      const act = round % 2 === 0 && index % 3 === 0 ? 'routing' : (decisions[(index + round) % decisions.length] ?? 'acceptance');
      const body = act === 'routing' ? { programme: `programme-${index}-${round}` } : bodies[act];
      const reply = await person.call<Tried['body']>(act === 'routing' ? 'PUT' : 'POST', `/referrals/${target.id}/${act}`, body, etag ?? undefined);
      tried.push({ id: target.id, act, status: reply.status, body: reply.body });
    }
  }

  const won = (id: string): Tried[] => tried.filter((each) => each.id === id && each.status === 200);

  it('decides no referral twice, and writes each decision down once', () => {
    const decided = [...after.values()].filter(({ state }) => state !== 'in-triage');
    expect(decided.length).toBeGreaterThan(2);
    for (const { id, state, history } of after.values()) {
      const wins = won(id).filter(({ act }) => act !== 'routing');
      expect([id, wins.length]).toEqual([id, state === 'in-triage' ? 0 : 1]);
      expect(history.filter(({ event }) => ['accept', 'decline', 'redirect'].includes(event))).toHaveLength(wins.length);
    }
  });

  it('loses no update: every act that was answered as done made one version, and no other did', () => {
    for (const [id, version] of before) expect([id, after.get(id)?.version]).toEqual([id, version + won(id).length]);
  });

  it('tells everybody who was refused why', () => {
    const refused = tried.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, body } of refused) {
      expect([409, 412]).toContain(status);
      expect(body.code).toMatch(/^(stale-version|referral\..+|illegal-transition.*)$/);
      expect(body.detail?.length).toBeGreaterThan(20);
    }
  });

  it('leaves nothing open without an owner, a next action and a date; the command names what is, and fails', async () => {
    const verify = async (): Promise<{ code: number; stdout: string }> => {
      const env = { ...process.env, ...testEnvironment(app.database) };
      return promisify(execFile)(process.execPath, ['dist/programs/cli.js', 'verify', '--loops'], { env }).then(
        ({ stdout }) => ({ code: 0, stdout }),
        (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
      );
    };
    const sound = await verify();
    expect(sound.stdout).toMatch(/^demo: .*\d+ open referrals.*, 0 open escalations/m);
    expect([sound.code, sound.stdout.trim().split('\n').at(-1)]).toEqual([0, 'demo: nothing open is without an owner, a next action and a date.']);
    const [id = ''] = [...after.values()].filter(({ state }) => state === 'in-triage' || state === 'accepted').map((each) => each.id);
    await asOwner(app, `update referral_team set name = ' ' where pool`);
    await asOwner(app, `update referral set owner_id = null, owner_name = null where id = $1`, [id]);
    const broken = await verify();
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain(`  referral ${id} has no owner\n`);
  }, PATIENCE_MS);
});
