import { describe, expect, it } from '@jest/globals';
import { searchParametersOf } from '../definitions/search-parameters.js';
import { resourceTypes } from '../definitions/structures.js';
import { rangeOf } from './date-range.js';
import { systemHash } from './index-rows.js';
import { References } from './references.js';
import { searchText } from './search-text.js';
import { typeIndex } from './type-index.js';

const references = new References('https://cairn.example/fhir');

describe('the index of a type', () => {
  it('can be made for every type, and knows a way to the values of every indexed parameter', () => {
    const blind: string[] = [];
    for (const type of resourceTypes()) {
      const index = typeIndex(type);
      for (const [code, parameter] of index.parameters) {
        const ways = parameter.kind === 'composite' ? parameter.sources.flatMap(({ components }) => components.map(({ paths }) => paths)) : [parameter.sources.flatMap(({ paths }) => paths)];
        if (ways.length === 0 || ways.some((paths) => paths.length === 0)) blind.push(`${type}.${code}`);
      }
      for (const [code, { kind }] of searchParametersOf(type)) {
        if (!index.parameters.has(code) && !['_id', '_lastUpdated'].includes(code)) expect(kind).toBe('special');
      }
    }
    expect(blind).toEqual([]);
  });

  it('finds the values of an observation', () => {
    const index = typeIndex('Observation');
    const sourceOf = (code: string): number => index.parameters.get(code)?.sources[0]?.id ?? 0;
    const rows = index.rowsOf(
      {
        resourceType: 'Observation',
        status: 'final',
        meta: { tag: [{ system: 't', code: 'x' }] },
        code: { coding: [{ system: 'http://loinc.org', code: '72514-3' }, { code: 'local' }] },
        subject: { reference: 'https://cairn.example/fhir/Patient/p1/_history/3' },
        performer: [{ reference: 'Practitioner/d1' }, { reference: '#inside' }, { reference: 'https://elsewhere.example/fhir/Patient/p9' }],
        effectivePeriod: { start: '2024-02' },
        valueQuantity: { value: 1.1, system: 'http://unitsofmeasure.org', code: '{score}' },
      },
      references,
    );
    expect(rows.tokens).toEqual(
      expect.arrayContaining([
        { source: sourceOf('code'), code: '72514-3', system: systemHash('http://loinc.org') },
        { source: sourceOf('code'), code: 'local', system: 0 },
        { source: sourceOf('status'), code: 'final', system: 0 },
        { source: sourceOf('_tag'), code: 'x', system: systemHash('t') },
      ]),
    );
    expect(rows.references).toEqual([
      { source: sourceOf('subject'), target: 'Patient/p1' },
      { source: sourceOf('performer'), target: 'Practitioner/d1' },
      { source: sourceOf('performer'), target: '#' },
      { source: sourceOf('performer'), target: 'https://elsewhere.example/fhir/Patient/p9' },
    ]);
    expect(sourceOf('patient')).toBe(sourceOf('subject'));
    expect(rows.dates).toEqual([{ source: sourceOf('date'), low: Date.UTC(2024, 1, 1), high: Infinity }]);
    expect(rows.quantities).toEqual([
      { source: sourceOf('value-quantity'), low: 1.1, high: 1.1, system: systemHash('http://unitsofmeasure.org'), code: '{score}', unit: '' },
    ]);
  });

  it('finds the parts of names and whether a patient died', () => {
    const index = typeIndex('Patient');
    const rows = index.rowsOf(
      { resourceType: 'Patient', name: [{ family: 'Müller-Østergård', given: ['Zoë', 'Ann'] }], deceasedDateTime: '2024-01-01', telecom: [{ system: 'phone', value: '+1 555' }, { system: 'email', value: 'z@x' }] },
      references,
    );
    expect(rows.strings.filter(({ source }) => source === index.parameters.get('given')?.sources[0]?.id).map(({ value }) => value)).toEqual(['zoe', 'ann']);
    expect(rows.tokens).toContainEqual({ source: index.parameters.get('deceased')?.sources[0]?.id, code: 'true', system: 0 });
    expect(rows.tokens.filter(({ source }) => source === index.parameters.get('phone')?.sources[0]?.id)).toEqual([expect.objectContaining({ code: '+1 555' })]);
  });

  it('knows which parameters can have one value only', () => {
    expect(typeIndex('Observation').parameters.get('patient')).toMatchObject({ single: true, target: 'Patient' });
    expect(typeIndex('Appointment').parameters.get('patient')).toMatchObject({ single: false, target: 'Patient' });
  });
});

describe('patients of a resource', () => {
  it('are all that it refers to', () => {
    expect(
      references.patientsOf({ resourceType: 'Task', for: { reference: 'Patient/b' }, extension: [{ valueReference: { reference: 'Patient/a/_history/1' } }] }, 't'),
    ).toEqual(['a', 'b']);
    expect(references.patientsOf({ resourceType: 'Patient', link: [{ other: { reference: 'Patient/z' } }] }, 'p')).toEqual(['p']);
  });
});

describe('a date', () => {
  it.each([
    ['2024', '2024-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z'],
    ['2024-02', '2024-02-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    ['2024-02-29T10:00-05:00', '2024-02-29T15:00:00.000Z', '2024-02-29T15:01:00.000Z'],
    ['2024-02-29T10:00:01Z', '2024-02-29T10:00:01.000Z', '2024-02-29T10:00:02.000Z'],
    ['2024-02-29T10:00:01.5+01:00', '2024-02-29T09:00:01.500Z', '2024-02-29T09:00:01.600Z'],
    ['0050', '0050-01-01T00:00:00.000Z', '0051-01-01T00:00:00.000Z'],
  ])('%s is a stretch of time', (date, low, high) => {
    const range = rangeOf(date);
    expect([range?.low, range?.high].map((time) => new Date(time ?? NaN).toISOString())).toEqual([low, high]);
  });

  it('is not anything else', () => {
    for (const text of ['', 'today', '24', '2024-1', '2024-13', '2024-01-32', '2024-01-01T', '2024-01-01T25:00Z']) expect(rangeOf(text)).toBeUndefined();
  });
});

describe('text', () => {
  it('is compared without case, accents and spaces', () => {
    expect(searchText('  Zoë\tÅNGSTRÖM ')).toBe('zoe angstrom');
  });
});
