import { Injectable } from '@nestjs/common';
import { SigningKeys } from '@cairn/platform';
import { CompactSign } from 'jose';

/** Marks a signature of minutes, so that it can never pass for an access token signed by the same key. */
const TYPE = 'cairn-minutes+jws';

/** Signs facts; the result is a compact JWS. */
export type Sign = (facts: Readonly<Record<string, unknown>>) => Promise<string>;

/** Signs minutes with Cairn's own key. */
@Injectable()
export class MinutesSigning {
  constructor(private readonly keys: SigningKeys) {}

  /**
   * A function that signs with the key in force. The public key travels in the signature's header: signatures outlive the published key set, and
   * whoever checks an old one compares that key with the one the clinic has on file.
   */
  async prepare(): Promise<Sign> {
    const { id, algorithm, privateKey } = await this.keys.current('token');
    const { keys } = await this.keys.jwks('token');
    const published = keys.find(({ kid }) => kid === id);
    const jwk = published && { kty: published.kty, crv: published.crv, x: published.x, y: published.y };
    return (facts) =>
      new CompactSign(Buffer.from(JSON.stringify(facts), 'utf8'))
        .setProtectedHeader({ alg: algorithm, kid: id, typ: TYPE, ...(jwk ? { jwk } : {}) })
        .sign(privateKey);
  }
}
