import { describe, expect, it } from '@jest/globals';
import { edgeError } from '@cairn/platform';
import { invalid } from '@cairn/kernel';
import { toldOutcome } from './told-outcome.js';

const told = (message: string, url = 'ServiceRequest', issues = [{ path: 'reference', message }]) =>
  toldOutcome(edgeError(invalid('Wrong.', { issues })), 'c-0815', { method: 'POST', url, headers: { 'if-none-exist': 'identifier=urn:x|998877' }, body: Buffer.from('{"subject":{"reference":"Patient/mrn-4711"},"birthDate":"1980-05-01","n":12}') });

describe('the outcome that is kept of a refused write', () => {
  it.each([
    ['Patient/mrn-4711 was not found.', '… was not found.'],
    ['Nothing is called Patient/mrn-4711.', 'Nothing is called ….'],
    ['"1980-05-01" is too early (before 1900-01-01).', '"…" is too early (before 1900-01-01).'],
    ['Must be 12 to 64 letters.', 'Must be 12 to 64 letters.'],
    ['No resource meets identifier=urn:x|998877.', 'No resource meets ….'],
    ['Nobody has identifier=a|5555 here.', 'Nobody has … here.'],
    ['Is required and missing.', 'Is required and missing.'],
  ])('"%s" says %s', (message, expected) => {
    expect(told(message, 'ServiceRequest?identifier=a%7C5555').issue[0]?.diagnostics).toBe(`${expected} (correlation id c-0815)`);
  });

  it('has fifty issues at most', () => {
    expect(told('', '', Array.from({ length: 2000 }, (_, index) => ({ path: `Bundle.entry[${index}]`, message: 'Is wrong.' }))).issue).toHaveLength(50);
  });
});
