import { describe, expect, it } from '@jest/globals';
import type { Dosage, MedicationRequest } from '@medplum/fhirtypes';
import { isInForce, readMedication } from './medication.fhir.js';
import { medicationSafety, type MedicationSafety } from './medication-safety.js';

const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
const now = new Date('2026-11-22T10:00:00Z');

const tablets = (count: number, frequency: number, more: Partial<Dosage> = {}): Dosage => ({
  timing: { repeat: { frequency, period: 1, periodUnit: 'd' } },
  doseAndRate: [{ doseQuantity: { value: count, unit: 'TAB' } }],
  ...more,
});

const prescription = (display: string, dosageInstruction: Dosage[] = [], more: Partial<MedicationRequest> = {}): MedicationRequest => ({
  resourceType: 'MedicationRequest',
  id: display,
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/p' },
  authoredOn: '2026-06-01',
  medicationCodeableConcept: { coding: [{ system: RXNORM, display }] },
  dosageInstruction,
  ...more,
});

const safetyOf = (...requests: MedicationRequest[]): MedicationSafety =>
  medicationSafety(requests.filter((request) => isInForce(request, now)).map((request) => readMedication(request, undefined, now)));

describe('morphine milligram equivalents of prescriptions', () => {
  // Where the CDC table shows a worked example the figure is its own; the others follow from its factors.
  it.each([
    ['hydrocodone bitartrate 5 MG Oral Tablet', tablets(1, 4), 20],
    ['12 HR oxycodone hydrochloride 10 MG Extended Release Oral Tablet', tablets(1, 2), 30],
    ['methadone hydrochloride 10 MG Oral Tablet', tablets(1, 3), 141],
    ['hydromorphone hydrochloride 4 MG Oral Tablet', tablets(1, 4), 80],
    ['tramadol hydrochloride 50 MG Oral Tablet', tablets(1, 4), 40],
    ['acetaminophen 300 MG / codeine phosphate 30 MG Oral Tablet', tablets(2, 4), 36],
    ['tapentadol 50 MG Oral Tablet', tablets(1, 2), 40],
    ['oxymorphone hydrochloride 5 MG Oral Tablet', tablets(1, 2), 30],
    ['morphine sulfate 2 MG/ML Oral Solution', tablets(0, 4, { doseAndRate: [{ doseQuantity: { value: 5, unit: 'mL', code: 'mL' } }] }), 40],
    ['72 HR fentanyl 0.025 MG/HR Transdermal System', tablets(1, 1, { doseAndRate: [{ doseQuantity: { value: 1, unit: 'patch' } }], timing: { repeat: { frequency: 1, period: 3, periodUnit: 'd' } } }), 60],
  ])('%s', (display, dose, perDay) => {
    expect(safetyOf(prescription(display, [dose])).mme).toEqual({ status: 'known', perDay });
  });

  it('adds what is taken together, and counts the most that a prescription allows', () => {
    const range: Dosage = { doseAndRate: [{ doseRange: { low: { value: 1, unit: 'TAB' }, high: { value: 2, unit: 'TAB' } } }], timing: { repeat: { frequency: 1, frequencyMax: 3, period: 1, periodUnit: 'd' } } };
    const capped = tablets(1, 0, { asNeededBoolean: true, timing: { code: { coding: [{ code: 'Q4H' }] } }, maxDosePerPeriod: { numerator: { value: 4, unit: 'TAB' }, denominator: { value: 1, unit: 'd', code: 'd' } } });
    expect(safetyOf(prescription('morphine sulfate 10 MG Oral Tablet', [range]), prescription('oxycodone hydrochloride 5 MG Oral Tablet', [capped])).mme).toEqual({ status: 'known', perDay: 90 });
  });

  it('takes a dose in milligrams of a single ingredient by mouth', () => {
    const oral = { coding: [{ system: 'http://snomed.info/sct', code: '26643006' }] };
    const inMilligrams: Dosage = { route: oral, doseAndRate: [{ doseQuantity: { value: 5, unit: 'mg', code: 'mg' } }], timing: { code: { coding: [{ code: 'BID' }] } } };
    const request = prescription('', [inMilligrams], { medicationCodeableConcept: { coding: [{ system: RXNORM, code: '7804', display: 'oxycodone' }] } });
    expect(safetyOf(request).mme).toEqual({ status: 'known', perDay: 15 });
  });
});

describe('what is not known is said, never guessed', () => {
  const percocet = 'acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet';
  it.each([
    ['no dosage at all', prescription(percocet), 'dose-not-recorded'],
    ['a dose but not how often', prescription(percocet, [tablets(1, 1, { timing: { code: { text: 'with meals' } } })]), 'frequency-not-recorded'],
    ['a dose only on some weekdays', prescription(percocet, [tablets(1, 1, { timing: { repeat: { frequency: 1, period: 1, periodUnit: 'wk', dayOfWeek: ['mon'] } } })]), 'frequency-not-recorded'],
    ['milligrams of a product with two ingredients', prescription(percocet, [tablets(1, 2, { doseAndRate: [{ doseQuantity: { value: 5, unit: 'mg' } }] })]), 'dose-of-which-ingredient'],
    ['a taper whose step is not stated', prescription(percocet, [tablets(2, 2, { sequence: 1 }), tablets(1, 2, { sequence: 2 })]), 'dose-changes-over-time'],
    ['a product named in words only', prescription('', [tablets(1, 2)], { medicationCodeableConcept: { text: 'Oxycodone oral tablets' } }), 'strength-not-known'],
    ['a route that is not stated', prescription('oxycodone hydrochloride 5 MG Tablet', [tablets(1, 2)]), 'route-not-known'],
    ['an injection', prescription('morphine sulfate 10 MG/ML Injectable Solution', [tablets(1, 2)]), 'no-factor'],
    ['fentanyl that is no patch', prescription('fentanyl 0.2 MG Sublingual Tablet', [tablets(1, 4)]), 'no-factor'],
    ['an opioid the table has no factor for', prescription('levomethadyl 10 MG/ML Oral Solution', [tablets(1, 1)]), 'no-factor'],
    ['an opioid known by its class only', prescription('', [tablets(1, 1)], { medicationCodeableConcept: { coding: [{ system: 'http://www.whocc.no/atc', code: 'N02AX06' }] } }), 'no-factor'],
  ])('%s', (_, request, notKnown) => {
    const safety = safetyOf(request);
    expect(safety.opioids).toEqual([expect.objectContaining({ mme: { notKnown } })]);
    expect(safety.mme).toEqual({ status: 'not-known' });
  });

  it('calls a sum with a gap "at least"', () => {
    expect(safetyOf(prescription(percocet, [tablets(1, 2)]), prescription('meperidine hydrochloride 50 MG Oral Tablet', [tablets(1, 2)])).mme).toEqual({ status: 'at-least', perDay: 15 });
  });

  it('never counts buprenorphine, and does not call it unknown besides a known sum', () => {
    const buprenorphine = prescription('168 HR buprenorphine 0.01 MG/HR Transdermal System', [tablets(1, 1)]);
    expect(safetyOf(buprenorphine)).toMatchObject({ mme: { status: 'not-known' }, opioids: [{ mme: { notKnown: 'partial-agonist' } }] });
    expect(safetyOf(buprenorphine, prescription(percocet, [tablets(1, 2)])).mme).toEqual({ status: 'known', perDay: 15 });
  });

  it('tells an empty record from a record without opioids, and from one with a medicine nobody can name', () => {
    expect(safetyOf().mme).toEqual({ status: 'nothing-recorded' });
    expect(safetyOf(prescription('ibuprofen 200 MG Oral Tablet', [tablets(1, 3)])).mme).toEqual({ status: 'none' });
    const nameless = prescription('', [], { id: 'nameless', medicationCodeableConcept: { coding: [{ system: 'urn:local', code: '17' }] } });
    expect(safetyOf(nameless)).toMatchObject({ mme: { status: 'not-known' }, unidentified: ['nameless'] });
  });
});

describe('which prescriptions count', () => {
  it('leaves out what is stopped, planned, forbidden or over', () => {
    const morphine = 'morphine sulfate 10 MG Oral Tablet';
    const over = tablets(1, 2, { timing: { repeat: { frequency: 2, period: 1, periodUnit: 'd', boundsPeriod: { end: '2026-11-20' } } } });
    expect(
      safetyOf(
        prescription(morphine, [tablets(1, 2)], { status: 'stopped' }),
        prescription(morphine, [tablets(1, 2)], { intent: 'plan' }),
        prescription(morphine, [tablets(1, 2)], { doNotPerform: true }),
        prescription(morphine, [over]),
      ).mme,
    ).toEqual({ status: 'nothing-recorded' });
  });

  it('sees an opioid beside a benzodiazepine, and since when', () => {
    const safety = safetyOf(
      prescription('temazepam 7.5 MG Oral Capsule', [tablets(1, 1)], { authoredOn: '2020-01-01' }),
      prescription('tramadol hydrochloride 50 MG Oral Tablet', [tablets(1, 2)], { authoredOn: '2026-10-01' }),
    );
    expect(safety.benzodiazepines).toHaveLength(1);
    expect(safety.opioidSince).toEqual(new Date('2026-10-01'));
  });
});
