import { CairnError, invalid } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { ResourceType } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import type { FhirCommands } from '../commands/fhir-commands.js';
import { isResourceType } from '../definitions/structures.js';
import type { FhirAnswer, FhirRequest } from '../http/fhir-request.js';
import { outcomeOf } from '../http/notes-outcome.js';
import type { FhirReads } from '../interactions/fhir-reads.js';
import { demandChangeable, demandInteraction } from '../interactions/type-rules.js';
import { isDeleted, nameOf, type StoredVersion } from '../store/stored-version.js';
import type { Note } from '../validation/fault.js';
import { notesOn } from '../validation/notes-on.js';
import type { FhirOperation, OperationTarget } from './fhir-operations.js';
import { readValidationRequest, type ValidationMode, type ValidationRequest } from './validation-request.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * `$validate` (R4 resource-operation-validate.html): says all that is wrong with a resource that is sent, or with the stored one, as this server
 * would judge a write of it, and whether it fits the profiles that are named or that it claims. Stores nothing.
 */
export class ValidateOperation implements FhirOperation {
  readonly name = 'validate';
  readonly definition = 'http://hl7.org/fhir/OperationDefinition/Resource-validate';
  readonly levels = ['type', 'instance'] as const;
  readonly affectsState = false;

  constructor(
    private readonly reads: FhirReads,
    private readonly commands: FhirCommands,
  ) {}

  /** Answers 200 with an OperationOutcome whatever it says. Refuses with 403 a caller without any right to the type, with 400 what gives nothing to judge. */
  async answer(tx: Tx, policy: AccessPolicy, target: OperationTarget, request: FhirRequest): Promise<FhirAnswer> {
    if (target.level === 'system') throw invalid('Name the type of the resource.', { code: 'bad-request' });
    const { type } = target;
    const asked = readValidationRequest(request, type);
    if (!(['c', 'r', 'u'] as const).some((permission) => policy.allows(permission, type))) policy.demand('r', type);
    const stored = target.level === 'instance' ? await this.#stored(tx, policy, type, target.id, asked) : undefined;
    const resource = asked.resource ?? (stored && !isDeleted(stored) ? (JSON.parse(stored.json) as Fields) : undefined);
    if (!resource && asked.mode !== 'delete') {
      throw invalid('There is no resource to validate.', { code: 'resource-missing', issues: [{ path: 'resource', message: `Send a ${type}.` }] });
    }
    const notes = [...this.#possible(type, target, asked, stored), ...(resource ? contentNotes(type, target, resource, asked) : [])];
    const touched = stored ? { entities: [nameOf(stored)], patients: [...stored.patientIds] } : undefined;
    return { status: 200, json: JSON.stringify(outcomeOf(notes.length > 0 ? notes : [NOTHING])), ...(touched ? { touched } : {}) };
  }

  /** The stored resource where the question is about it. One that isn't there yet can be created by an update, and needn't be there for a body to be judged. */
  async #stored(tx: Tx, policy: AccessPolicy, type: ResourceType, id: string, { resource, mode }: ValidationRequest): Promise<StoredVersion | undefined> {
    if (resource && mode !== 'update' && mode !== 'delete') return undefined;
    try {
      return await this.reads.read(tx, policy, type, id);
    } catch (error) {
      if (mode === 'update' && resource && error instanceof CairnError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }

  /** Why the write itself would be refused, whatever the resource says. */
  #possible(type: ResourceType, { level }: OperationTarget, { mode }: ValidationRequest, stored: StoredVersion | undefined): Note[] {
    if (mode === undefined || mode === 'profile') return [];
    return noteOf(() => {
      if (mode === 'delete' && level === 'type') throw invalid('Only a resource can be deleted, not a type: name its id.');
      if (!stored) return demandInteraction(type, mode);
      if (mode === 'create') return;
      demandChangeable(type);
      // Whoever asks has read the version in force.
      if (stored.owner === 'cairn') this.commands.demandOwnership(type, stored.version);
    });
  }
}

function contentNotes(type: ResourceType, target: OperationTarget, resource: Fields, { mode, profiles }: ValidationRequest): Note[] {
  if (mode === 'delete') return [];
  const { resourceType, id } = resource;
  if (typeof resourceType !== 'string' || !isResourceType(resourceType)) return [wrong('resourceType', 'Must be the name of a FHIR R4 resource type, such as Patient.')];
  if (resourceType !== type) return [wrong('resourceType', `Must be ${type}, as the URL says.`)];
  return [...identityNotes(mode, target, id), ...notesOn(resource, { profiles, profileDemanded: mode === 'profile' })];
}

function identityNotes(mode: ValidationMode | undefined, target: OperationTarget, id: unknown): Note[] {
  if (mode !== 'update') return [];
  if (target.level === 'instance' && id !== target.id) return [wrong('id', 'Must be the id in the URL.')];
  return id === undefined ? [wrong('id', 'An update must say which resource it is for.')] : [];
}

const wrong = (path: string, message: string): Note => ({ severity: 'error', code: 'invalid', path, message });

function noteOf(check: () => void): Note[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof CairnError) return [{ severity: 'error', code: 'business-rule', path: '', message: error.message }];
    throw error;
  }
}

const NOTHING: Note = { severity: 'information', code: 'informational', path: '', message: 'Nothing is wrong with it.' };
