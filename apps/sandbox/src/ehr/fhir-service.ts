import { OperationOutcomeError, allOk, getStatus, isOk } from '@medplum/core';
import { FhirRouter } from '@medplum/fhir-router';
import type { FhirRequest, FhirResponse, HttpMethod } from '@medplum/fhir-router';
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { assertOffered } from './capabilities.js';
import type { Interaction, Profile } from './capabilities.js';
import { loadDefinitions } from './definitions.js';
import type { HospitalRepository } from './hospital-repository.js';
import { Refusal } from './outcome.js';
import { assertInScope } from './scopes.js';

/** A FHIR request as it came: `path` is what follows the FHIR base, with its query. */
export interface FhirCall {
  method: string;
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

/** The status and what to send; no resource means an empty body. */
export interface FhirAnswer {
  status: number;
  resource: Resource | undefined;
}

/** The hospital's FHIR API without its transport: Medplum's router and repository behind the hospital's own rules. */
export class FhirService {
  private readonly router = new FhirRouter();

  constructor(
    private readonly repository: HospitalRepository,
    private readonly profile: () => Profile,
  ) {}

  /**
   * Carries out a request within the granted scopes; without scopes, as the hospital itself.
   * Throws a Refusal for what the hospital does not offer or the scopes do not allow: for a Bundle, as a whole.
   */
  async handle(call: FhirCall, scopes?: readonly string[]): Promise<FhirAnswer> {
    loadDefinitions();
    for (const interaction of this.interactions(call)) {
      assertOffered(interaction, scopes ? this.profile() : 'full');
      if (scopes) assertInScope(interaction, scopes);
    }
    const request: FhirRequest = { ...call, method: call.method as HttpMethod, url: call.path, pathname: '', params: {}, query: {} };
    const bundle = asBundle(call.body);
    const [outcome, resource] =
      bundle?.type === 'transaction' ? await this.transaction(request) : await this.router.handleRequest(request, this.repository);
    return { status: statusOf(call, outcome, resource), resource: resource ?? outcome };
  }

  /**
   * A transaction is the router's batch, with everything taken back at the first refusal. The router's own transactions
   * allow no more than eight entries where one is conditional, which is less than a referral.
   */
  private async transaction(request: FhirRequest): Promise<FhirResponse> {
    try {
      return await this.repository.withTransaction(async () => {
        const [outcome, response] = await this.router.handleRequest(request, this.repository);
        const entries = (response && asBundle(response)?.entry) ?? [];
        const refused = entries.find((entry) => !entry.response?.status.startsWith('2'));
        const reason = isOk(outcome) ? refused?.response?.outcome : outcome;
        if (reason?.resourceType === 'OperationOutcome') throw new OperationOutcomeError(reason);
        return [allOk, response as Bundle];
      });
    } catch (error) {
      if (error instanceof OperationOutcomeError) return [error.outcome];
      throw error;
    }
  }

  private interactions({ method, path, body }: FhirCall): Interaction[] {
    const found = this.router.find(method as HttpMethod, path);
    const code = found?.data?.interaction;
    if (!code || code === 'operation') throw new Refusal(404, 'not-supported', `${method} ${path.split('?')[0]} is not offered here`);
    if (code !== 'batch') return [{ code, type: found.params.resourceType ?? '' }];
    const bundle = asBundle(body);
    if (!bundle) throw new Refusal(400, 'invalid', 'What is posted to the FHIR base must be a Bundle of type transaction or batch');
    return (bundle.entry ?? []).flatMap(({ request, resource }, index) => {
      if (!request) throw new Refusal(400, 'required', `Bundle.entry[${index}].request is missing`);
      return this.interactions({ method: request.method ?? '', path: request.url ?? '', body: resource, headers: {} });
    });
  }
}

function asBundle(body: unknown): Bundle | undefined {
  return typeof body === 'object' && body !== null && 'resourceType' in body && body.resourceType === 'Bundle' ? (body as Bundle) : undefined;
}

function statusOf({ method }: FhirCall, outcome: OperationOutcome, resource: Resource | undefined): number {
  const createdByUpdate = method === 'PUT' && isOk(outcome) && resource?.meta?.versionId === '1';
  return createdByUpdate ? 201 : getStatus(outcome);
}
