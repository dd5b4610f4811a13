import { notFound } from '@cairn/kernel';
import type { Reading } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import type { AuditEvents } from '../audit-events/audit-events.js';
import { patientsAskedFor } from '../audit-events/named-patients.js';
import type { FhirReads } from '../interactions/fhir-reads.js';
import { demandHistoryParameters } from '../interactions/history-parameters.js';
import { demandInteraction } from '../interactions/type-rules.js';
import { ALL_TYPES } from '../search/searched-types.js';
import type { References } from '../search-index/references.js';
import type { Answers } from './answers.js';
import { isUnchanged } from './conditional-read.js';
import { idIn, preferenceIn, typeIn, versionOf, type FhirAnswer, type FhirRequest } from './fhir-request.js';
import { shapeIn } from './presentation.js';

/** Answers requests that read: read, vread, histories and searches. */
export class ReadRequests {
  constructor(
    private readonly reads: FhirReads,
    private readonly auditEvents: AuditEvents,
    private readonly references: References,
    private readonly answers: Answers,
  ) {}

  /** Answers one request and says whom it touched: also those of whom it asked and found nothing. Refuses with 404 a URL that stands for nothing, with 405 what the type doesn't offer, and whatever the reads refuse. */
  async answer(tx: Reading, policy: AccessPolicy, request: FhirRequest): Promise<FhirAnswer> {
    const answer = await this.#answer(tx, policy, request);
    const [type = ''] = request.path;
    const { entities = [], patients = [], labels = 0 } = answer.touched ?? {};
    const asked = patientsAskedFor(type, request.query, this.references).map(({ id }) => id);
    return { ...answer, touched: { entities, patients: [...new Set([...patients, ...asked])], labels, oversight: type === 'AuditEvent' || entities.some((name) => name.startsWith('AuditEvent/')) } };
  }

  async #answer(tx: Reading, policy: AccessPolicy, request: FhirRequest): Promise<FhirAnswer> {
    const { path, query, headers } = request;
    const [first, second, third] = path;
    if (first === '_history' && path.length === 1) {
      demandHistoryParameters(query, preferenceIn(headers['prefer']).strict);
      const shape = shapeIn(query);
      return this.answers.history([], await this.auditEvents.histories(tx, policy, undefined, query), shape);
    }
    const type = typeIn(first);
    if (second === undefined || second === '_search') {
      demandInteraction(type, 'search-type');
      const { strict } = preferenceIn(headers['prefer']);
      const found = type === 'AuditEvent' ? await this.auditEvents.find(tx, policy, query, strict) : await this.reads.find(tx, policy, type, query, strict);
      return this.answers.searchset(found.query, found.result);
    }
    if (second === '_history' && path.length === 2) {
      demandInteraction(type, 'history-type');
      demandHistoryParameters(query, preferenceIn(headers['prefer']).strict);
      const shape = shapeIn(query, [type]);
      return this.answers.history([type], await this.auditEvents.histories(tx, policy, type, query), shape);
    }
    const id = idIn(second);
    if (third === undefined) {
      demandInteraction(type, 'read');
      const shape = shapeIn(query, [type]);
      const version = type === 'AuditEvent' ? await this.auditEvents.read(tx, policy, id) : await this.reads.read(tx, policy, type, id);
      return isUnchanged(version, headers) ? this.answers.unchanged(version) : this.answers.version(version, shape);
    }
    if (third === '_history' && path.length <= 4) return this.#past(tx, policy, request, id);
    const isSearch = path.length === 3 || (path.length === 4 && path[3] === '_search');
    if (!isSearch) throw notFound('An interaction at this URL');
    const wanted = third === ALL_TYPES ? third : typeIn(third);
    if (wanted !== ALL_TYPES) demandInteraction(typeIn(wanted), 'search-type');
    if (type === 'Patient' && wanted === 'AuditEvent') {
      const found = await this.auditEvents.find(tx, policy, [...query, ['patient', id]], preferenceIn(headers['prefer']).strict);
      return this.answers.searchset(found.query, found.result);
    }
    const found = await this.reads.findWithin(tx, policy, { type, id }, wanted, query, preferenceIn(headers['prefer']).strict);
    return this.answers.searchset(found.query, found.result);
  }

  async #past(tx: Reading, policy: AccessPolicy, { path: [first, , , version], query, headers }: FhirRequest, id: string): Promise<FhirAnswer> {
    const type = typeIn(first);
    const shape = shapeIn(query, [type]);
    if (version !== undefined) {
      demandInteraction(type, 'vread');
      const number = versionOf(version);
      return this.answers.version(type === 'AuditEvent' ? await this.auditEvents.vread(tx, policy, id, number) : await this.reads.vread(tx, policy, type, id, number), shape);
    }
    demandInteraction(type, 'history-instance');
    demandHistoryParameters(query, preferenceIn(headers['prefer']).strict);
    return this.answers.history([type, id], type === 'AuditEvent' ? await this.auditEvents.history(tx, policy, id, query) : await this.reads.history(tx, policy, type, id, query), shape);
  }
}
