import { personToken, type Instance } from './instance.js';
import { latencyAtRate } from './load.js';
import { row, type Row } from './report.js';
import { seedClinics } from './worklist-seed.js';

const CLINICS = 50;
const REFERRALS_OF_OTHERS = 2000;
const SMALL = 10_000;
const LARGE = 1_000_000;
const PAGE = 25;
const DEEP = 100;
/** Each row is measured so often, in passes over all of them, and the middle value counts: whatever else the machine does for a moment would fill a p95 of one. */
const PASSES = 3;
/** How long requests arrive in one pass. */
const SECONDS = 1.2;

/** p95 in milliseconds, by the name of the row. */
type Measured = Map<string, number>;

interface Page {
  readonly items: readonly unknown[];
  readonly next?: string;
}

/**
 * Every view of the worklist in a clinic of a million referrals, one in five of them open, among fifty clinics: 50 requests arrive each second, whatever becomes
 * of those before. The limit is the same view in the same clinic when it had ten thousand. Where a view has fewer than 100 pages then, its last full page stands for them.
 */
export async function worklistBench(instance: Instance, wanted: (name: string) => boolean): Promise<Row[]> {
  const seeded = await seedClinics(instance, CLINICS, REFERRALS_OF_OTHERS);
  const authorization = await personToken(instance, 'coordinator');
  await seeded.growTo(SMALL);
  const small = await measure(instance.api, authorization, wanted);
  await seeded.growTo(LARGE);
  const large = await measure(instance.api, authorization, wanted);
  return [...large].map(([name, value]) => row(name, value, 'ms', small.get(name) ?? NaN));
}

async function measure(api: string, authorization: string, wanted: (name: string) => boolean): Promise<Measured> {
  const read = async <Body>(path: string): Promise<Body> => {
    const response = await fetch(`${api}${path}`, { headers: { authorization } });
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
    return (await response.json()) as Body;
  };
  const { views } = await read<{ views: Record<string, unknown> }>('/api/v1/referrals/counts');
  const paths = new Map<string, string>();
  const p95 = async (name: string, path: string | (() => Promise<string>)): Promise<void> => {
    if (wanted(`${name} p95`)) paths.set(`${name} p95`, typeof path === 'string' ? path : await path());
  };
  for (const view of Object.keys(views)) {
    const first = `/api/v1/referrals?view=${view}&limit=${PAGE}`;
    await p95(`${view} first page`, first);
    await p95(`${view} counts`, `/api/v1/referrals/counts?view=${view}`);
    await p95(`${view} page ${DEEP}`, () => deepPage(first, read));
  }
  const open = `/api/v1/referrals?view=open&limit=${PAGE}`;
  await p95('open in Vietnamese first page', `${open}&language=vi&urgency=asap`);
  await p95('open by a word of one in fifty first page', `${open}&text=case77`);
  const passes: Measured[] = [];
  for (let pass = 0; pass < PASSES; pass += 1) {
    const measured: Measured = new Map();
    for (const [name, path] of paths) measured.set(name, await latencyAtRate({ url: api, authorization, path, perSecond: 50, seconds: SECONDS }));
    passes.push(measured);
  }
  return new Map([...paths.keys()].map((name) => [name, middle(passes.map((measured) => measured.get(name) ?? NaN))]));
}

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** The path of page 100, or of the last full page before it. */
async function deepPage(first: string, read: (path: string) => Promise<Page>): Promise<string> {
  let [path, full] = [first, first];
  for (let number = 1; number <= DEEP; number += 1) {
    const { items, next } = await read(path);
    if (items.length === PAGE) full = path;
    if (!next) break;
    path = `${first}&after=${next}`;
  }
  return full;
}
