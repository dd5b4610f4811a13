import { forbidden } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { Coding, Meta, Resource, ResourceType } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import { isResourceType, resourceTypes } from '../definitions/structures.js';
import type { Answers } from '../http/answers.js';
import type { FhirAnswer } from '../http/fhir-request.js';
import type { FhirReads } from '../interactions/fhir-reads.js';
import { membersOf } from '../lossless/json-parts.js';
import type { FhirOperation, OperationTarget } from '../operations/fhir-operations.js';
import type { References } from '../search-index/references.js';
import { isDeleted, nameOf } from '../store/stored-version.js';
import { markedResources } from './marked-resources.js';

/**
 * `$meta` (R4 resource-operation-meta.html): the meta of one resource, or the profiles, tags and security labels that are in use in a type or on
 * the whole server, as far as the caller may list what bears them.
 */
export class MetaOperation implements FhirOperation {
  readonly name = 'meta';
  readonly definition = 'http://hl7.org/fhir/OperationDefinition/Resource-meta';
  readonly levels = ['system', 'type', 'instance'] as const;
  readonly affectsState = false;

  constructor(
    private readonly reads: FhirReads,
    private readonly references: References,
    private readonly answers: Answers,
  ) {}

  /** Answers Parameters with one Meta. Refuses like a read, and with 403 where nothing may be listed. */
  async answer(tx: Tx, policy: AccessPolicy, target: OperationTarget): Promise<FhirAnswer> {
    if (target.level === 'instance') return this.#ofOne(tx, policy, target.type, target.id);
    const asked = target.level === 'type' ? [target.type] : [...resourceTypes()].filter(isResourceType);
    const types = asked.filter((type) => policy.listing(type)?.length !== 0);
    if (types.length === 0) throw forbidden('You may not list what would be told here. A scope such as system/Patient.rs would allow it.', { code: 'scope-missing' });
    const resources = await markedResources(tx, policy, this.references, types);
    return { status: 200, json: parametersOf(JSON.stringify(inUse(resources.map(({ json }) => (JSON.parse(json) as Resource).meta ?? {})))) };
  }

  async #ofOne(tx: Tx, policy: AccessPolicy, type: ResourceType, id: string): Promise<FhirAnswer> {
    const version = await this.reads.read(tx, policy, type, id);
    if (isDeleted(version)) return this.answers.version(version);
    const meta = membersOf(version.json).find(({ key }) => key === 'meta');
    const touched = { entities: [nameOf(version)], patients: version.patientIds };
    return { status: 200, json: parametersOf(meta ? version.json.slice(meta.valueStart, meta.end) : '{}'), touched };
  }
}

const parametersOf = (meta: string): string => `{"resourceType":"Parameters","parameter":[{"name":"return","valueMeta":${meta}}]}`;

/** Each profile, label and tag once. */
function inUse(metas: readonly Meta[]): Meta {
  const profile = [...new Set(metas.flatMap((meta) => meta.profile ?? []))].sort();
  const security = distinct(metas.flatMap((meta) => meta.security ?? []));
  const tag = distinct(metas.flatMap((meta) => meta.tag ?? []));
  return { ...(profile.length > 0 ? { profile } : {}), ...(security.length > 0 ? { security } : {}), ...(tag.length > 0 ? { tag } : {}) };
}

function distinct(codings: readonly Coding[]): Coding[] {
  const byKey = new Map(codings.map((coding) => [`${coding.system ?? ''}|${coding.code ?? ''}`, coding] as const));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, coding]) => coding);
}
