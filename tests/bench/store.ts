import type { Bundle } from '@medplum/fhirtypes';
import { Copier, readTemplate, storeTables, type Template } from './copies.js';
import type { Instance } from './instance.js';
import { patientBundles } from './patients.js';

/** The patients of a filled store. */
export interface FilledStore {
  readonly bundles: readonly Bundle[];
  readonly patients: readonly string[];
  /** How many resources there are now. */
  readonly count: number;
  /** Adds resources until there are so many. */
  grow(count: number): Promise<void>;
}

/** Sends each patient over /fhir once, and fills the store with copies of what came of it. */
export async function fillStore(instance: Instance, count: number): Promise<FilledStore> {
  const { owner } = instance;
  const { source, bundles } = patientBundles();
  const tables = await storeTables(owner);
  const templates: Template[] = [];
  let last = await highest(instance);
  for (const bundle of bundles) {
    const patientId = await send(instance, bundle);
    const first = last + 1;
    last = await highest(instance);
    templates.push(await readTemplate(owner, tables, patientId, { first, last }));
  }
  const copier = new Copier(owner, tables, templates);
  let made = 0;
  const grow = async (to: number): Promise<string[]> => {
    const started = performance.now();
    const added = await copier.fill(to - made);
    made = to;
    process.stderr.write(`${to} resources are there (${source} patients, ${Math.round((performance.now() - started) / 1000)} s).\n`);
    return added;
  };
  const patients = await grow(count);
  return { bundles, patients, count: made, grow: async (to) => void (await grow(to)) };
}

/** The highest number of a resource. */
async function highest({ owner }: Instance): Promise<number> {
  const { rows } = await owner.query<{ last: string }>('select coalesce(max(seq), 0) as last from fhir_resource');
  return Number(rows[0]?.last);
}

async function send({ api, authorization }: Instance, bundle: Bundle): Promise<string> {
  const response = await fetch(`${api}/fhir`, { method: 'POST', headers: { authorization, 'content-type': 'application/fhir+json' }, body: JSON.stringify(bundle) });
  if (!response.ok) throw new Error(`A patient's records were answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
  const { entry = [] } = (await response.json()) as Bundle;
  const location = entry.map(({ response: answer }) => answer?.location ?? '').find((each) => each.includes('/Patient/'));
  const id = /\/Patient\/([^/]+)/.exec(location ?? '')?.[1];
  if (!id) throw new Error('A bundle made no Patient.');
  return id;
}
