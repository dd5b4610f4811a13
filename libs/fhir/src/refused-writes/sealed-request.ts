import type { Keyring } from '@cairn/platform';
import { z } from 'zod';
import type { SentRequest } from '../http/sent-request.js';

const contents = z.object({ method: z.string(), url: z.string(), headers: z.record(z.string(), z.string()), body: z.string(), isCut: z.boolean().default(false) });

/** A request that was kept: it had a body. */
export type KeptRequest = SentRequest & { readonly body: Buffer };

const purposeOf = (id: string): string => `refused-write/${id}`;

/**
 * Seals a request whole, its address and headers too: criteria in them name people as a body does. Bytes are written as Latin-1, in which
 * any byte is a character, so that even a body that is no UTF-8 comes out as it came.
 */
export const sealRequest = (keyring: Keyring, id: string, { method, url, headers, body, isCut = false }: KeptRequest): string =>
  keyring.seal(JSON.stringify({ method, url, headers, body: body.toString('latin1'), isCut }), purposeOf(id));

/** Opens what `sealRequest` sealed under this id. */
export function openRequest(keyring: Keyring, id: string, sealed: string): KeptRequest {
  const { body, ...sent } = contents.parse(JSON.parse(keyring.open(sealed, purposeOf(id))));
  return { ...sent, body: Buffer.from(body, 'latin1') };
}
