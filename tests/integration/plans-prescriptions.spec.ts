import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Medication, MedicationRequest, Resource } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { PlanDesk, newPatient } from '../support/plan-factory.js';
import { Staff } from '../support/referral-factory.js';
import { describeWithTestData } from '../support/test-data.js';

interface Safety {
  readonly mme: { status: string; perDay?: number };
  readonly opioids: { ingredient: string; mme: { perDay?: number; notKnown?: string } }[];
  readonly benzodiazepines: { name: string }[];
}

/** What each example prescribes, once a day, and what it comes to by the CDC's factors of 2022. */
const EXPECTED: Record<string, Partial<Safety>> = {
  'opioid-review-patient': { mme: { status: 'known', perDay: 10 }, opioids: [{ ingredient: 'tramadol', mme: { perDay: 10 } }] },
  oxycodone: { mme: { status: 'known', perDay: 7.5 } },
  methadone: { mme: { status: 'known', perDay: 47 } },
  opiate: { mme: { status: 'known', perDay: 4.5 } },
  'extended-release-opioid': { mme: { status: 'known', perDay: 10 } },
  fentanyl: { mme: { status: 'not-known' }, opioids: [{ ingredient: 'fentanyl', mme: { notKnown: 'no-factor' } }] },
  buprenorphine: { mme: { status: 'not-known' }, opioids: [{ ingredient: 'buprenorphine', mme: { notKnown: 'partial-agonist' } }] },
  mme: { mme: { status: 'not-known' }, opioids: [{ ingredient: 'levomethadyl', mme: { notKnown: 'no-factor' } }] },
  benzodiazepine: { mme: { status: 'none' }, opioids: [], benzodiazepines: [{ name: 'temazepam 7.5 MG Oral Capsule [Restoril]' }] },
  amphetamine: { mme: { status: 'none' }, opioids: [], benzodiazepines: [] },
  naloxone: { mme: { status: 'not-known' }, opioids: [{ ingredient: 'buprenorphine', mme: { notKnown: 'partial-agonist' } }] },
};

describeWithTestData('hl7-cdc-opioid-cpg', 'prescriptions as others write them', (folder) => {
  let app: TestApp;
  let fhir: FhirClient;
  let desk: PlanDesk;

  beforeAll(async () => {
    app = await startTestApp();
    fhir = new FhirClient(app, await app.asSystem('system/*.cruds'));
    desk = new PlanDesk(new Staff(app, await app.as('clinician')));
  });
  afterAll(() => app.stop());

  const read = <T extends Resource>(name: string): T => {
    const { meta: _meta, text: _text, id: _id, ...resource } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as T & { text?: unknown };
    return resource as T;
  };

  it.each(Object.entries(EXPECTED))('%s', async (name, expected) => {
    const patientId = await newPatient(fhir);
    const { requester: _requester, medicationReference, ...request } = read<MedicationRequest>(`MedicationRequest-${name}.json`);
    const named = medicationReference?.reference?.replace('/', '-');
    expect(named === undefined || readdirSync(folder).includes(`${named}.json`)).toBe(true);
    const product = named ? await fhir.create(read<Medication>(`${named}.json`)) : undefined;
    await fhir.create({ ...request, subject: { reference: `Patient/${patientId}` }, ...(product ? { medicationReference: { reference: `Medication/${product}` } } : {}) });
    const { id } = await desk.draft({ patientId });
    expect((await desk.staff.call<Safety>('GET', `/plans/${id}/medication-safety`)).body).toMatchObject(expected);
  });
});
