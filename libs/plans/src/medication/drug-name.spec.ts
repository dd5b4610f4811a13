import { describe, expect, it } from '@jest/globals';
import { readDrugName } from './drug-name.js';

describe('a normalised drug name', () => {
  it('gives each ingredient with its strength, and the dose form', () => {
    expect(readDrugName('acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet [Percocet]')).toEqual({
      ingredients: [
        { name: 'acetaminophen', strength: { milligrams: 325, per: 'unit' } },
        { name: 'oxycodone hydrochloride', strength: { milligrams: 5, per: 'unit' } },
      ],
      form: 'Oral Tablet',
    });
  });

  it('reads release times, patches and solutions', () => {
    expect(readDrugName('12 HR hydromorphone hydrochloride 2 MG Extended Release Oral Capsule')?.ingredients).toEqual([
      { name: 'hydromorphone hydrochloride', strength: { milligrams: 2, per: 'unit' } },
    ]);
    expect(readDrugName('72 HR fentanyl 0.025 MG/HR Transdermal System')).toEqual({
      ingredients: [{ name: 'fentanyl', strength: { milligrams: 0.025, per: 'h' } }],
      form: 'Transdermal System',
    });
    expect(readDrugName('morphine sulfate 2 MG/ML Oral Solution')?.ingredients).toEqual([{ name: 'morphine sulfate', strength: { milligrams: 2, per: 'mL' } }]);
  });

  it('keeps the name where the strength is in a unit that does not help', () => {
    expect(readDrugName('Nitroglycerin 0.4 MG/ACTUAT Mucosal Spray')?.ingredients).toEqual([{ name: 'Nitroglycerin' }]);
  });

  it('says so when the text is not such a name', () => {
    expect(readDrugName('Tramadol')).toBeUndefined();
    expect(readDrugName('')).toBeUndefined();
  });
});
