import { createHash, randomBytes } from 'node:crypto';
import { parse, stringify } from 'uuid';

const CLINIC_BYTES = 16;
const SECRET_BYTES = 24;
const TOKEN = /^[A-Za-z0-9_-]{54}$/;

const hash = (token: string): Buffer => createHash('sha256').update(token).digest();

/**
 * Tokens of links that are followed without signing in: the clinic's id and 24 random bytes, 54 characters that are safe in a URL. A token says nothing of a
 * patient, and only its hash is stored. The clinic stands in it because row-level security must know the clinic before it looks.
 */
export const linkToken = {
  /** A new token of the clinic, and the hash to store. */
  make(clinicId: string): { readonly token: string; readonly hash: Buffer } {
    const token = Buffer.concat([parse(clinicId), randomBytes(SECRET_BYTES)]).toString('base64url');
    return { token, hash: hash(token) };
  },
  hash,
  /** The clinic that a token names; undefined when it cannot be one of ours. */
  clinicIn(token: string): string | undefined {
    try {
      return TOKEN.test(token) ? stringify(Buffer.from(token, 'base64url').subarray(0, CLINIC_BYTES)) : undefined;
    } catch {
      return undefined; // Sixteen bytes that are no UUID: nobody of ours made this token.
    }
  },
};
