import { describe, expect, it } from '@jest/globals';
import { logicalId, readFhirJson, writeFhirJson } from '../fhir-json.js';
import { contains, contentOf, digest } from './canonical.js';
import { changedInPlace, findableBy, foreignIdentifiers, localReferencesIn, outgoing, type Crossing } from './outgoing.js';

const crossing: Crossing = {
  remote: (local) => ({ 'Patient/p': 'Patient/77', 'ServiceRequest/s': 'ServiceRequest/5' })[local],
  identifier: { system: 'urn:cairn:resource', value: 'Observation/o' },
  source: 'https://cairn.example/fhir/Observation/o/_history/2',
  ownBase: 'https://cairn.example/fhir',
};

const observation = `{"resourceType":"Observation","id":"o","meta":{"versionId":"2","lastUpdated":"2026-01-01T00:00:00Z","profile":["urn:p"]},
  "extension":[{"url":"urn:x","extension":[{"url":"dose","valueDecimal":1.10},{"url":"who","valueReference":{"reference":"Practitioner/d","display":"Dr D"}}]}],
  "status":"final","code":{"text":"PEG"},"subject":{"reference":"https://cairn.example/fhir/Patient/p"},"basedOn":[{"reference":"ServiceRequest/s"}],
  "hasMember":[{"reference":"#inner"},{"reference":"https://elsewhere.example/fhir/Observation/9"}],"valueQuantity":{"value":5.70}}`;

describe('a resource on its way to an EHR', () => {
  const sent = outgoing(readFhirJson(observation), crossing);

  it('keeps extensions and every digit', () => {
    const text = writeFhirJson(sent);
    expect(text).toContain('"valueDecimal":1.10');
    expect(text).toContain('"value":5.70');
  });

  it('leads to what the EHR knows, and names logically what it does not', () => {
    expect(sent['subject']).toEqual({ reference: 'Patient/77' });
    expect(sent['basedOn']).toEqual([{ reference: 'ServiceRequest/5' }]);
    expect(writeFhirJson(sent)).toContain('{"type":"Practitioner","identifier":{"system":"urn:cairn:resource","value":"Practitioner/d"},"display":"Dr D"}');
    expect(sent['hasMember']).toEqual([{ reference: '#inner' }, { reference: 'https://elsewhere.example/fhir/Observation/9' }]);
  });

  it('leaves id and version to the EHR, and says where it comes from', () => {
    expect(sent['id']).toBeUndefined();
    expect(sent['meta']).toEqual({ profile: ['urn:p'], source: 'https://cairn.example/fhir/Observation/o/_history/2' });
    expect(sent['identifier']).toEqual([{ system: 'urn:cairn:resource', value: 'Observation/o' }]);
  });

  it('is found by the one identifier that a QuestionnaireResponse may have', () => {
    const one = outgoing({ resourceType: 'QuestionnaireResponse', identifier: { system: 'urn:cairn:assessment', value: '1' } }, crossing);
    expect(one['identifier']).toEqual({ system: 'urn:cairn:assessment', value: '1' });
    expect(findableBy(one, crossing.identifier)).toMatchObject({ system: 'urn:cairn:assessment', value: '1' });
    expect(findableBy(sent, crossing.identifier)).toMatchObject(crossing.identifier);
  });

  it('lists what it refers to here', () => {
    expect(localReferencesIn(readFhirJson(observation), crossing.ownBase)).toEqual(['Practitioner/d', 'Patient/p', 'ServiceRequest/s']);
  });
});

describe('a resource that the EHR placed', () => {
  const plac = { type: { coding: [{ code: 'PLAC' }] }, system: 'https://hospital.example', value: '1' };
  const theirs = { resourceType: 'Task', id: '9', status: 'requested', statusReason: { text: 'old' }, note: [{ text: 'ours' }], identifier: [plac] };

  it('changes only in what Cairn moves', () => {
    const ours = { resourceType: 'Task', status: 'accepted', note: [], identifier: [{ system: 'urn:cairn:resource', value: 'Task/t' }, plac] };
    expect(changedInPlace(theirs, ours, ['status', 'statusReason'])).toEqual({
      resourceType: 'Task',
      id: '9',
      status: 'accepted',
      note: [{ text: 'ours' }],
      identifier: [plac, { system: 'urn:cairn:resource', value: 'Task/t' }],
    });
  });

  it('is searched by the placer’s identifier first, never by Cairn’s', () => {
    expect(foreignIdentifiers({ identifier: [{ system: 'urn:cairn:task', value: 't' }, { system: 'x', value: '2' }, plac] }).map(({ value }) => value)).toEqual(['1', '2']);
  });
});

describe('the same content', () => {
  const one = readFhirJson('{"resourceType":"Task","id":"1","meta":{"versionId":"4"},"text":{"status":"generated"},"status":"accepted","output":[{"valueDecimal":1.10}]}');
  const other = readFhirJson('{"output":[{"valueDecimal":1.1}],"status":"accepted","resourceType":"Task","id":"2"}');

  it('has the same digest, whatever the order, the server’s own elements and the digits', () => {
    expect(digest(contentOf(one))).toBe(digest(contentOf(other)));
    expect(digest(contentOf({ ...other, status: 'rejected' }))).not.toBe(digest(contentOf(one)));
  });

  it('is contained in a richer one', () => {
    expect(contains({ ...other, note: [{ text: 'more' }] }, contentOf(one))).toBe(true);
    expect(contains(other, { status: 'rejected' })).toBe(false);
    expect(contains(other, { output: [] })).toBe(false);
    expect(contains({}, { status: 'x' })).toBe(false);
  });
});

describe('an id that an EHR gives', () => {
  it('gets into a URL only when R4 allows it', () => {
    expect(logicalId({ id: 'a-1.b' })).toBe('a-1.b');
    for (const id of ['..', '../Patient/2', 'a/b', '', 'x'.repeat(65), 7, undefined]) expect(logicalId({ id })).toBe(id === 7 ? '7' : undefined);
    expect(logicalId(undefined)).toBeUndefined();
  });
});
