import { describe, expect, it } from '@jest/globals';
import { auditInsert } from './audit-insert.js';

describe('the statement that writes accesses down', () => {
  it('takes words that end in half a character, which PostgreSQL would refuse', () => {
    const scope = { clinicId: '01a21776-8fb3-753c-8d8e-07ce1186a669', actor: { kind: 'system', id: 'ehr', name: 'EHR \udc00', connectionId: null, scopes: [] }, correlationId: 'c' } as const;
    const { values } = auditInsert(scope.clinicId, [{ scope, fact: { action: 'execute', what: 'access.break-glass', purpose: 'collapsed \ud83d' } }]);
    expect(values?.[1]).toContain('"collapsed \ufffd"');
    expect(values?.[1]).toContain('"EHR \ufffd"');
  });
});
