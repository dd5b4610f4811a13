import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { exactJson, withoutVersion } from '../support/exact-json.js';
import { FhirClient } from '../support/fhir-client.js';
import { hl7Examples, type Example } from '../support/hl7-examples.js';
import { ownCriteria, withoutValue, type OwnCriterion } from '../support/own-criteria.js';
import { describeWithTestData } from '../support/test-data.js';
import faulty from './faulty-examples.json' with { type: 'json' };

/** What goes into one batch, at most. */
const BATCH = { entries: 100, characters: 2_000_000 };

/** How many conditions are asked at once: together they hold only if each does. */
const TOGETHER = 10;

interface Entry {
  readonly method: 'GET' | 'PUT';
  readonly url: string;
  readonly body?: string;
}

function batches<T>(all: readonly T[], sizeOf: (each: T) => number): T[][] {
  const result: T[][] = [];
  let size = Infinity;
  for (const each of all) {
    if (size + sizeOf(each) > BATCH.characters || (result.at(-1)?.length ?? 0) >= BATCH.entries) {
      result.push([]);
      size = 0;
    }
    size += sizeOf(each);
    result.at(-1)?.push(each);
  }
  return result;
}

const addressOf = ({ type, id }: Example): string => `${type}/${id}`;

describe('what goes in comes out', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  /** The text of the answer to a batch. */
  const batch = async (entries: readonly Entry[]): Promise<string> => {
    const written = entries.map(({ method, url, body }) => `{${body === undefined ? '' : `"resource":${body},`}"request":${JSON.stringify({ method, url })}}`);
    const reply = await client.post('', `{"resourceType":"Bundle","type":"batch","entry":[${written.join(',')}]}`, { prefer: 'handling=strict' });
    expect(reply.status).toBe(200);
    return reply.text;
  };

  describe("with HL7's own examples", () => {
    const examples = hl7Examples();
    const stored: Example[] = [];
    const refused: Record<string, string[]> = {};

    it('takes all but those that break a rule', async () => {
      for (const group of batches(examples, ({ text }) => text.length)) {
        const answer = JSON.parse(await batch(group.map((example) => ({ method: 'PUT', url: addressOf(example), body: example.text })))) as Bundle;
        for (const [index, example] of group.entries()) {
          const { status, outcome } = answer.entry?.[index]?.response ?? {};
          expect([example.name, status]).toEqual([example.name, expect.stringMatching(/^[24]/)]);
          if (status?.startsWith('2')) stored.push(example);
          else refused[example.name] = rulesOf(example.type, outcome as OperationOutcome);
        }
      }
      expect(refused).toEqual(faulty);
      expect(stored.length).toBe(examples.length - Object.keys(faulty).length);
    }, 120_000);

    it('gives them back as they came, digit by digit', async () => {
      for (const group of batches(stored, ({ text }) => text.length)) {
        const { entry } = exactJson(await batch(group.map((example) => ({ method: 'GET', url: addressOf(example) })))) as { entry: { resource: unknown }[] };
        for (const [index, { text }] of group.entries()) {
          const [read, sent] = [withoutVersion(entry[index]?.resource), withoutVersion(exactJson(text))];
          // Jest's own comparison explains better, but takes long.
          if (!isDeepStrictEqual(read, sent)) expect(read).toEqual(sent);
        }
      }
    }, 120_000);

    it('finds each by each of its own search parameters', async () => {
      const searches = stored.flatMap((example) => pieces(ownCriteria(JSON.parse(example.text) as Resource)).map((criteria) => ({ example, criteria })));
      const missed: string[] = [];
      for (const group of batches(searches, () => 1)) {
        const counts = await countsOf(group);
        for (const [index, search] of group.entries()) if (counts[index] !== 1) missed.push(...(await whichMiss(search)));
      }
      expect(missed).toEqual([]);
      expect(searches.reduce((sum, { criteria }) => sum + criteria.length, 0)).toBeGreaterThan(10_000);
    }, 300_000);

    it('finds among those of its type without a value each that has none', async () => {
      const byType = Map.groupBy(stored.map(({ text }) => JSON.parse(text) as Resource), ({ resourceType }) => resourceType);
      const idsOf = (resources: readonly Resource[]): string[] => resources.flatMap(({ id }) => id ?? []).sort();
      const questions = [...byType].flatMap(([type, resources]) => withoutValue(type, resources).map(([code, without]) => ({ type, code, among: idsOf(resources), ids: idsOf(without) })));
      const wrong: string[] = [];
      for (const group of batches(questions, () => 1)) {
        const { entry = [] } = JSON.parse(await batch(group.map(({ type, code, among }) => ({ method: 'GET', url: `${type}?${code}:missing=true&_id=${among.join()}&_elements=id&_count=1000` })))) as Bundle<Bundle>;
        for (const [index, { type, code, ids }] of group.entries()) {
          const found = (entry[index]?.resource?.entry ?? []).flatMap(({ resource, search }) => (search?.mode === 'match' && resource?.id ? [resource.id] : [])).sort();
          if (!isDeepStrictEqual(found, ids)) wrong.push(`${type} by ${code}: found ${found.join()} in place of ${ids.join()}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(questions.length).toBeGreaterThan(2_000);
    }, 120_000);

    interface OwnSearch {
      readonly example: Example;
      readonly criteria: readonly OwnCriterion[];
    }

    /** How many resources each search finds among the one that it is about: one, if every condition holds for it. */
    const countsOf = async (searches: readonly OwnSearch[]): Promise<(number | undefined)[]> => {
      const urls = searches.map(({ example, criteria }) => `${example.type}?${new URLSearchParams([['_id', example.id], ['_summary', 'count'], ...criteria.map(([name, value]): [string, string] => [name, value])]).toString()}`);
      const { entry = [] } = JSON.parse(await batch(urls.map((url) => ({ method: 'GET', url })))) as Bundle<Bundle>;
      return entry.map(({ resource }) => resource?.total);
    };

    const whichMiss = async ({ example, criteria }: OwnSearch): Promise<string[]> => {
      const counts = await countsOf(criteria.map((each) => ({ example, criteria: [each] })));
      const missing = criteria.filter((_each, index) => counts[index] !== 1);
      return missing.length > 0 ? missing.map(([name, value]) => `${example.name} by ${name}=${value}`) : [`${example.name} by all its parameters together`];
    };
  });

  describeWithTestData('synthea-r4', 'with full records', (folder) => {
    it(
      'of patients',
      async () => {
        const [name = ''] = readdirSync(folder).filter((each) => each.endsWith('.json'));
        const text = readFileSync(join(folder, name), 'utf8');
        const sent = exactJson(text) as { entry: { resource: unknown }[] };
        const reply = await client.post<Bundle>('', text);
        expect(reply.status).toBe(200);
        const locations = reply.body.entry?.map(({ response }) => (response?.location ?? '').replace(/^.*\/fhir\//, '')) ?? [];
        expect(locations).toHaveLength(sent.entry.length);
        const unlinked = (value: unknown): string => JSON.stringify(value).replace(/"reference":"[^"]*"/g, '"reference":"…"');
        for (const group of batches([...locations.entries()], () => 1)) {
          const { entry } = exactJson(await batch(group.map(([, url]) => ({ method: 'GET', url })))) as typeof sent;
          for (const [position, [index]] of group.entries()) {
            const { id: _id, ...read } = withoutVersion(entry[position]?.resource);
            const { id: _sent, ...asSent } = withoutVersion(sent.entry[index]?.resource);
            expect(unlinked(read)).toBe(unlinked(asSent));
          }
        }
      },
      300_000,
    );
  });
});

/** What an answer says is wrong: each element, wherever in a list it stands, with the rule that it breaks. */
function rulesOf(type: string, { issue }: OperationOutcome): string[] {
  const rules = issue.map(({ expression, diagnostics = '' }) => {
    const path = (expression?.[0] ?? '').replace(/^Bundle\.entry\[\d+\]\.?(resource\.?)?/, '').replace(/\[\d+\]/g, '');
    return `${[type, ...(path === '' ? [] : [path])].join('.')}: ${diagnostics.replace(/ \(correlation id .*\)$/, '')}`;
  });
  return [...new Set(rules)].sort();
}

/** Conditions in pieces that are asked at once. */
function pieces(criteria: readonly OwnCriterion[]): OwnCriterion[][] {
  const result: OwnCriterion[][] = [];
  for (let from = 0; from < criteria.length; from += TOGETHER) result.push(criteria.slice(from, from + TOGETHER));
  return result;
}
