import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** An example of HL7 for FHIR 4.0.1, as it was published. */
export interface Example {
  /** The file in the package hl7.fhir.r4.examples. */
  readonly name: string;
  readonly type: string;
  readonly id: string;
  readonly text: string;
}

const require = createRequire(import.meta.url);
const FOLDER = dirname(require.resolve('hl7.fhir.r4.examples/package.json'));

/** Terminology and definitions, which are many and large, and Subscriptions, whose status is the server's. */
const LEFT_OUT = new Set(['StructureDefinition', 'SearchParameter', 'CodeSystem', 'ValueSet', 'Subscription']);

const MAX_BYTES = 5_000_000;

/** HL7's examples below 5 MB of all other types, by the name of their file. */
export function hl7Examples(): Example[] {
  const files = readdirSync(FOLDER).filter((name) => /^[^.].*\.json$/.test(name) && name !== 'package.json' && !LEFT_OUT.has(name.split('-')[0] ?? ''));
  return files.sort().flatMap((name) => {
    const path = join(FOLDER, name);
    if (statSync(path).size > MAX_BYTES) return [];
    const text = readFileSync(path, 'utf8');
    const { resourceType: type, id } = JSON.parse(text) as { resourceType: string; id: string };
    return LEFT_OUT.has(type) ? [] : [{ name, type, id, text }];
  });
}
