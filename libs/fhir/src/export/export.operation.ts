import { notFound, unavailable } from '@cairn/kernel';
import { audit, type Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import type { FhirAnswer, FhirRequest } from '../http/fhir-request.js';
import { badParameter } from '../interactions/history-parameters.js';
import type { FhirReads } from '../interactions/fhir-reads.js';
import type { FhirOperation, OperationLevel, OperationTarget } from '../operations/fhir-operations.js';
import type { ResourceType } from '@medplum/fhirtypes';
import type { References } from '../search-index/references.js';
import { isDeleted } from '../store/stored-version.js';
import { countUnfinished, insertExport } from './export-jobs.js';
import { namedPatients } from './export-patients.js';
import { exportRequest, type ExportLevel } from './export-request.js';

/** How many exports one client may have under way at once. */
const MOST_AT_ONCE = 4;

/** Where each level of `$export` is asked for, and its definition in the Bulk Data Access IG. */
const PLACES: Readonly<Record<ExportLevel, { readonly definition: string; readonly level: OperationLevel; readonly types?: readonly ResourceType[] }>> = {
  system: { definition: 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export', level: 'system' },
  patient: { definition: 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export', level: 'type', types: ['Patient'] },
  group: { definition: 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export', level: 'instance', types: ['Group'] },
};

/** The kick-off of a bulk export (Bulk Data Access IG 2.0). The worker makes the files; this answers where to ask how far they are. */
export class ExportOperation implements FhirOperation {
  readonly name = 'export';
  readonly definition: string;
  readonly levels: readonly OperationLevel[];
  readonly types?: readonly ResourceType[];
  readonly affectsState = false;

  /** @param base this server's FHIR address, without a slash at its end */
  constructor(
    private readonly level: ExportLevel,
    private readonly base: string,
    private readonly reads: FhirReads,
    private readonly references: References,
  ) {
    const { definition, level: where, types } = PLACES[level];
    this.definition = definition;
    this.levels = [where];
    if (types) this.types = types;
  }

  /** Answers 202 with the address of the export's status. Refuses what `exportRequest` refuses, a Group that can't be read, and with 429 too many at once. */
  async answer(tx: Tx, policy: AccessPolicy, target: OperationTarget, request: FhirRequest): Promise<FhirAnswer> {
    const patients = await namedPatients(tx, policy, request, this.references);
    if (patients && this.level === 'system') throw badParameter('patient', 'Is for Patient/$export and Group/{id}/$export.');
    const asked = { ...exportRequest(request, this.level, policy), ...(patients ? { patients } : {}) };
    const group = target.level === 'instance' ? target.id : undefined;
    if (group !== undefined && isDeleted(await this.reads.read(tx, policy, 'Group', group))) throw notFound('The Group', { status: 410, code: 'deleted' });
    if ((await countUnfinished(tx)) >= MOST_AT_ONCE) {
      throw unavailable(`You have ${MOST_AT_ONCE} exports under way. Wait for one of them, or delete it.`, { status: 429, code: 'too-many-exports', retryAfter: 60 });
    }
    const query = new URLSearchParams(request.query.map(([name, value]): [string, string] => [name, value])).toString();
    const url = `${this.base}/${request.path.join('/')}${query === '' ? '' : `?${query}`}`;
    const id = await insertExport(tx, this.level, group, url, asked);
    await audit(tx, { action: 'execute', what: 'fhir.$export', entities: group === undefined ? [] : [`Group/${group}`] });
    return { status: 202, headers: { 'content-location': `${this.base}/export/${id}` } };
  }
}
