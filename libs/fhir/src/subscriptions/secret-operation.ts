import { notFound } from '@cairn/kernel';
import type { Keyring, Tx } from '@cairn/platform';
import type { Parameters } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import type { FhirAnswer, FhirRequest } from '../http/fhir-request.js';
import type { FhirOperation, OperationTarget } from '../operations/fhir-operations.js';
import { newSecret } from './signature.js';
import limits from './subscription-limits.json' with { type: 'json' };
import { readRow, updateRow } from './subscription-row.js';
import { sealing } from './subscription-secrets.js';

/** `Subscription/{id}/$signing-secret`: gives the subscriber a new secret, by which it can tell that notifications are ours. It is shown this once. */
export class SigningSecretOperation implements FhirOperation {
  readonly name = 'signing-secret';
  readonly definition: string;
  readonly levels = ['instance'] as const;
  readonly types = ['Subscription'] as const;
  readonly affectsState = true;

  /** @param base this server's FHIR address, without a slash at its end */
  constructor(
    private readonly keyring: Keyring,
    base: string,
  ) {
    this.definition = `${base}/OperationDefinition/subscription-signing-secret`;
  }

  /** Answers the new secret, and until when notifications carry a signature by the former one too. Refuses with 404 a subscription that isn't the caller's. */
  async answer(tx: Tx, policy: AccessPolicy, target: OperationTarget, _request: FhirRequest): Promise<FhirAnswer> {
    policy.demand('u', 'Subscription');
    const row = target.level === 'instance' ? await readRow(tx, target.id, 'wait') : undefined;
    if (!row || row.sealedSecret === '') throw notFound('The Subscription');
    const secret = newSecret();
    const until = new Date(tx.clock.now().getTime() + limits.formerSecretHours * 60 * 60 * 1000);
    await updateRow(tx, row.id, { sealed_secret: sealing(this.keyring, row.id).seal(secret), sealed_former_secret: row.sealedSecret, former_secret_until: until });
    const parameters: Parameters = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'secret', valueString: secret },
        { name: 'former-secret-until', valueInstant: until.toISOString() },
      ],
    };
    return { status: 200, headers: { 'cache-control': 'no-store' }, json: JSON.stringify(parameters) };
  }
}
