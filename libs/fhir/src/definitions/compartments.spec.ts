import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { CompartmentDefinition } from '@medplum/fhirtypes';
import table from './compartments.json' with { type: 'json' };
import { compartmentOf } from './compartments.js';

const require = createRequire(import.meta.url);
const EXAMPLES = dirname(require.resolve('hl7.fhir.r4.examples/package.json'));

describe('the compartments of R4', () => {
  it.each(['patient', 'encounter', 'relatedPerson', 'practitioner', 'device'])("say what HL7's definition of %s says", (name) => {
    const published = JSON.parse(readFileSync(join(EXAMPLES, `CompartmentDefinition-${name}.json`), 'utf8')) as CompartmentDefinition;
    const members = (published.resource ?? []).flatMap(({ code, param }) => (param ? [[code, param]] : []));
    expect(new Map(Object.entries(table.compartments)).get(published.code ?? '')).toEqual(Object.fromEntries(members));
  });

  it('name parameters only, not the resource itself', () => {
    expect(compartmentOf('Encounter')?.get('Encounter')).toEqual([]);
    expect(compartmentOf('Patient')?.get('Observation')).toEqual(['subject', 'performer']);
    expect(compartmentOf('Organization')).toBeUndefined();
  });
});
