import { Inject, Injectable } from '@nestjs/common';
import { KEYRING, Keyring } from '@cairn/platform';
import type { EhrAddress } from '../outside/ehr-address.js';
import type { EhrConnection } from './ehr-connection.entity.js';

const purposeOf = (clinicId: string, id: string): string => `ehr-connection/${clinicId}/${id}`;

/** Seals and opens the secrets of connections. */
@Injectable()
export class EhrAccess {
  constructor(@Inject(KEYRING) private readonly keyring: Keyring) {}

  /** Seals the key of a gateway for this connection only. */
  seal(clinicId: string, id: string, key: string): string {
    return this.keyring.seal(key, purposeOf(clinicId, id));
  }

  /** How to call the EHR, secrets opened. Not to be kept or logged. */
  addressOf({ clinicId, id, baseUrl, clientId, scopes, gatewayHeader, sealedGatewayKey }: EhrConnection): EhrAddress {
    return {
      connectionId: id,
      baseUrl,
      clientId,
      scopes,
      ...(gatewayHeader && sealedGatewayKey && { gateway: { header: gatewayHeader, key: this.keyring.open(sealedGatewayKey, purposeOf(clinicId, id)) } }),
    };
  }
}
