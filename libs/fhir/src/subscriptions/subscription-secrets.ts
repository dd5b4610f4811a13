import type { Keyring } from '@cairn/platform';
import { z } from 'zod';
import type { ChannelHeader } from './channel-headers.js';
import type { SubscriptionRow } from './subscription-row.js';

const headerList = z.array(z.object({ name: z.string(), value: z.string() }));

/** Seals and opens the secrets of one subscription; what was sealed for another does not open. */
export function sealing(keyring: Keyring, id: string) {
  const purpose = `fhir-subscription/${id}`;
  return {
    seal: (secret: string): string => keyring.seal(secret, purpose),
    openHeaders: (sealed: string | null): ChannelHeader[] => (sealed === null ? [] : headerList.parse(JSON.parse(keyring.open(sealed, purpose)))),
    /** The secrets that a receiver may know: the present one, and the one before while it still holds. */
    openSecrets: ({ sealedSecret, sealedFormerSecret, formerSecretUntil }: SubscriptionRow, now: Date): string[] => [
      keyring.open(sealedSecret, purpose),
      ...(sealedFormerSecret !== null && formerSecretUntil !== null && formerSecretUntil > now ? [keyring.open(sealedFormerSecret, purpose)] : []),
    ],
  };
}
