import { describe, expect, it } from '@jest/globals';
import { disclosuresCsv } from './disclosures.csv.js';
import type { Disclosure } from './disclosures.service.js';

const row: Disclosure = { at: new Date('2026-01-02T03:04:05.678Z'), kind: 'person', who: 'p-1', name: 'O"Neil, Ann', connectionId: null, act: 'fhir.read', outcome: 'success', reason: '=1+1', of: ['Patient/1', 'Task/2'], correlationId: 'c' };

describe('the report as CSV', () => {
  it('quotes what needs it, and lets no field be a formula', () => {
    expect(disclosuresCsv([row])).toBe(
      `at,kind,who,name,connectionId,act,outcome,reason,of,correlationId\r\n2026-01-02T03:04:05.678Z,person,p-1,"O""Neil, Ann",,fhir.read,success,'=1+1,Patient/1 Task/2,c\r\n`,
    );
  });

  it('has its header also when there is nothing to tell', () => {
    expect(disclosuresCsv([]).split('\r\n')).toEqual(['at,kind,who,name,connectionId,act,outcome,reason,of,correlationId', '']);
  });
});
