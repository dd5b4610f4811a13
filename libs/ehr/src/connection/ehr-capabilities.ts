import { Injectable } from '@nestjs/common';
import { RealClock, unavailable, type Clock } from '@cairn/kernel';
import { Transactions, type Scope } from '@cairn/platform';
import { LockMode } from '@mikro-orm/postgresql';
import policy from '../delivery/delivery-policy.json' with { type: 'json' };
import type { EhrAddress } from '../outside/ehr-address.js';
import { EhrFhir } from '../outside/ehr-fhir.js';
import { readCapability, type Capability } from './capability.js';
import { EhrConnection } from './ehr-connection.entity.js';

/** What an EHR says it can do, as last read. */
export interface KnownCapability {
  readonly capability: Capability | null;
  readonly capabilityReadAt: Date | null;
}

/** Learns from an EHR's CapabilityStatement what Cairn may write there, and keeps it with the connection. */
@Injectable()
export class EhrCapabilities {
  readonly #clock: Clock = new RealClock();

  constructor(
    private readonly transactions: Transactions,
    private readonly fhir: EhrFhir,
  ) {}

  /** What is known, read anew when it is older than the policy allows. Throws as {@link read} does. */
  async current(scope: Scope, ehr: EhrAddress, known: KnownCapability): Promise<Capability> {
    const age = known.capabilityReadAt ? this.#clock.now().getTime() - known.capabilityReadAt.getTime() : Infinity;
    return known.capability && age < policy.capabilityHours * 3_600_000 ? known.capability : this.read(scope, ehr);
  }

  /** Reads the statement now and keeps it. Refuses as unavailable, with the code `busy`, `redirected` or `capability-unknown`, when the EHR answers none; throws what the network throws. */
  async read(scope: Scope, ehr: EhrAddress): Promise<Capability> {
    const answer = await this.fhir.capabilities(ehr);
    const capability = answer.status === 200 ? readCapability(answer.text) : undefined;
    if (!capability) {
      throw unavailable(`The EHR answered ${answer.status} at /metadata, and no CapabilityStatement.`, {
        code: codeOf(answer.status),
        ...(answer.retryAfter !== undefined && { retryAfter: answer.retryAfter }),
      });
    }
    await this.transactions.run(scope, async (tx) => {
      const connection = await tx.em.findOneOrFail(EhrConnection, { clinicId: scope.clinicId, id: ehr.connectionId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      connection.capability = capability;
      connection.capabilityReadAt = this.#clock.now();
    });
    return capability;
  }
}

function codeOf(status: number): string {
  if (status >= 500 || status === 429) return 'busy';
  return status >= 300 && status < 400 ? 'redirected' : 'capability-unknown';
}
