import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import type { Answers } from '../http/answers.js';
import { preferenceIn, type FhirAnswer, type FhirRequest } from '../http/fhir-request.js';
import type { FhirReads } from '../interactions/fhir-reads.js';
import { notAllowed } from '../interactions/type-rules.js';
import type { FhirOperation, OperationTarget } from '../operations/fhir-operations.js';
import type { References } from '../search-index/references.js';
import { CURSOR } from '../search/search-query.js';
import { isDeleted, nameOf, type CurrentVersion, type StoredVersion } from '../store/stored-version.js';
import { everythingRequest, writePlace, type EverythingRequest, type RecordPlace } from './everything-request.js';
import { PatientRecord, type CompartmentPlace } from './patient-record.js';
import { ReferredTo } from './referred-to.js';

/** A part of a record, as one page holds it. */
interface RecordPage {
  readonly members: readonly StoredVersion[];
  readonly referred: readonly StoredVersion[];
  readonly next?: RecordPlace;
}

/**
 * `Patient/1/$everything` (R4 patient-operation-everything.html): the Patient, all of the patient's compartment, then what that refers to. The
 * pages go by keys, so what others write in between neither shifts nor repeats anything.
 */
export class EverythingOperation implements FhirOperation {
  readonly name = 'everything';
  readonly definition = 'http://hl7.org/fhir/OperationDefinition/Patient-everything';
  readonly levels = ['type', 'instance'] as const;
  readonly types = ['Patient'] as const;
  readonly affectsState = false;

  constructor(
    private readonly reads: FhirReads,
    private readonly references: References,
    private readonly answers: Answers,
  ) {}

  /** Refuses with 404 a patient that isn't there or can't be seen, with 410 one that was deleted, with 403 without the right to read Patients, with 405 the question for all patients at once. */
  async answer(tx: Tx, policy: AccessPolicy, target: OperationTarget, request: FhirRequest): Promise<FhirAnswer> {
    if (target.level !== 'instance') throw notAllowed('$everything is for one patient: Patient/{id}/$everything. For many, ask for Patient/$export with "Prefer: respond-async".');
    const asked = everythingRequest(request, preferenceIn(request.headers['prefer']).strict);
    const patient = await this.reads.read(tx, policy, 'Patient', target.id);
    if (isDeleted(patient)) return this.answers.version(patient);
    const { members, referred, next } = await this.#page(new PatientRecord(tx, policy, this.references, target.id), patient, asked);
    const { self, ignored } = asked;
    const link = next && new URLSearchParams([...self, [CURSOR, writePlace(next)]]);
    return this.answers.record(nameOf(patient), { members, referred, self, ignored, ...(link ? { next: link } : {}) });
  }

  async #page(record: PatientRecord, patient: StoredVersion, asked: EverythingRequest): Promise<RecordPage> {
    const { after, count } = asked;
    const first = after === undefined && admits(asked, patient) ? [patient] : [];
    if (after?.within === 'referred') return this.#referred(record, patient, asked, { members: [], after: after.name });
    const room = count - first.length;
    const rows = await record.compartment(asked, after, room + 1);
    const shown = rows.slice(0, room);
    const members = [...first, ...shown];
    const { type, seq }: CompartmentPlace = shown.at(-1) ?? BEGINNING;
    if (rows.length > room) return { members, referred: [], next: { within: 'compartment', type, seq } };
    const whole = after === undefined && asked.types === undefined && asked.since === undefined ? rows : undefined;
    return this.#referred(record, patient, asked, { members, ...(whole ? { whole } : {}) });
  }

  /** What the record refers to, behind the members that the page already has. */
  async #referred(record: PatientRecord, patient: StoredVersion, asked: EverythingRequest, { members, whole, after = '' }: ReferredFrom): Promise<RecordPage> {
    const room = asked.count - members.length;
    if (room === 0) return { members, referred: [], next: { within: 'referred', name: after } };
    const referredTo = new ReferredTo(record, this.references);
    referredTo.take([patient]);
    if (whole) referredTo.take(whole);
    else await referredTo.takeCompartment(asked);
    const found = (await referredTo.resources(asked)).filter((version) => nameOf(version) > after);
    const referred = found.slice(0, room);
    const last = referred.at(-1);
    return { members, referred, ...(found.length > room && last ? { next: { within: 'referred', name: nameOf(last) } } : {}) };
  }
}

interface ReferredFrom {
  readonly members: readonly StoredVersion[];
  /** The whole compartment, where the page holds it. */
  readonly whole?: readonly CurrentVersion[];
  /** Only what comes behind this name. */
  readonly after?: string;
}

const admits = ({ types, since }: EverythingRequest, { type, lastUpdated }: StoredVersion): boolean =>
  (types?.includes(type) ?? true) && (since === undefined || lastUpdated >= since);

/** Behind the Patient itself and before the rest of the compartment. */
const BEGINNING: CompartmentPlace = { type: '', seq: 0 };
