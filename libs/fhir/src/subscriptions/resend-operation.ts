import { notFound } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { Parameters } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import type { FhirAnswer, FhirRequest } from '../http/fhir-request.js';
import type { FhirOperation, OperationTarget } from '../operations/fhir-operations.js';
import { resendDeadLetters } from './dead-letters.js';
import type { SubscriptionRecords } from './subscription-records.js';

/** `Subscription/{id}/$resend`: sends again what was given up, once the subscriber can take it. */
export class ResendOperation implements FhirOperation {
  readonly name = 'resend';
  readonly definition: string;
  readonly levels = ['instance'] as const;
  readonly types = ['Subscription'] as const;
  readonly affectsState = true;

  /** @param base this server's FHIR address, without a slash at its end */
  constructor(
    private readonly records: SubscriptionRecords,
    base: string,
  ) {
    this.definition = `${base}/OperationDefinition/subscription-resend`;
  }

  /** Answers how many events go out again. Refuses with 404 a subscription that isn't the caller's, else what `resendDeadLetters` refuses. */
  async answer(tx: Tx, policy: AccessPolicy, target: OperationTarget, _request: FhirRequest): Promise<FhirAnswer> {
    policy.demand('u', 'Subscription');
    const count = target.level === 'instance' ? await resendDeadLetters(tx, target.id, this.records) : undefined;
    if (count === undefined) throw notFound('The Subscription');
    const parameters: Parameters = { resourceType: 'Parameters', parameter: [{ name: 'events', valueInteger: count }] };
    return { status: 200, json: JSON.stringify(parameters) };
  }
}
