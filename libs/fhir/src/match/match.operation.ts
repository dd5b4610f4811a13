import { forbidden, invalid } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { Parameters, Patient } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import type { Answers, GradedMatch } from '../http/answers.js';
import type { FhirAnswer, FhirRequest } from '../http/fhir-request.js';
import { badParameter } from '../interactions/history-parameters.js';
import type { FhirOperation, OperationTarget } from '../operations/fhir-operations.js';
import type { References } from '../search-index/references.js';
import { validate } from '../validation/validate.js';
import { demographicsOf } from './demographics.js';
import { candidates } from './match-candidates.js';
import { compare } from './match-score.js';

/** How many matches are answered unless fewer are asked for. */
const MOST = 20;

/** What is asked of `$match`. */
interface MatchRequest {
  readonly patient: Patient;
  readonly onlyCertain: boolean;
  readonly count: number;
}

/**
 * `Patient/$match` (R4 patient-operation-match.html): by a namespaced identifier first, then by demographics that are weighed. Compares only with
 * patients whom the caller may see, so a hospital never learns of one who is known through another hospital alone.
 */
export class MatchOperation implements FhirOperation {
  readonly name = 'match';
  readonly definition = 'http://hl7.org/fhir/OperationDefinition/Patient-match';
  readonly levels = ['type'] as const;
  readonly types = ['Patient'] as const;
  /** It changes nothing, but takes a Patient and so a body. */
  readonly affectsState = false;

  constructor(
    private readonly references: References,
    private readonly answers: Answers,
  ) {}

  /** Answers the matches, the likeliest first. Refuses with 403 without the right to read and search Patients, with 400 a body that isn't what R4 asks for. */
  async answer(tx: Tx, policy: AccessPolicy, _target: OperationTarget, request: FhirRequest): Promise<FhirAnswer> {
    if (policy.listing('Patient')?.length === 0) throw forbidden('You may not match Patients. A scope such as system/Patient.rs would allow it.', { code: 'scope-missing' });
    const { patient, onlyCertain, count } = matchRequest(request);
    const asked = demographicsOf(patient);
    const found = await candidates(tx, policy, this.references, patient);
    const graded = found.flatMap((version): GradedMatch[] => {
      const verdict = compare(asked, demographicsOf(JSON.parse(version.json) as Patient));
      return verdict ? [{ version, ...verdict }] : [];
    });
    graded.sort((a, b) => b.score - a.score || (a.version.id < b.version.id ? -1 : 1));
    return this.answers.matches(onlyCertain ? theCertainOne(graded) : graded.slice(0, count));
  }
}

/** R4: where certain matches are asked for, several are as good as none. */
function theCertainOne(graded: readonly GradedMatch[]): readonly GradedMatch[] {
  const certain = graded.filter(({ grade }) => grade === 'certain');
  return certain.length === 1 ? certain : [];
}

function matchRequest({ body }: FhirRequest): MatchRequest {
  if (!body) throw invalid('The body is missing.', { code: 'body-missing', issues: [{ path: 'Parameters', message: 'POST a Parameters resource with the parameter "resource", a Patient.' }] });
  const parameters = validate(body.value);
  if (parameters.resourceType !== 'Parameters') throw badParameter('resourceType', 'The body must be a Parameters resource with the parameter "resource", a Patient.');
  const patient = named(parameters, 'resource')?.resource;
  if (patient?.resourceType !== 'Patient') throw badParameter('resource', 'Must be a Patient.');
  const count = named(parameters, 'count')?.valueInteger ?? MOST;
  if (count < 1) throw badParameter('count', 'Must be a whole number, 1 or more.');
  return { patient, onlyCertain: named(parameters, 'onlyCertainMatches')?.valueBoolean ?? false, count: Math.min(count, MOST) };
}

const named = ({ parameter = [] }: Parameters, name: string) => parameter.find((each) => each.name === name);
