import { hash } from 'node:crypto';
import { RealClock } from '@cairn/kernel';
import type { Identity } from './authenticator.js';

/**
 * How long a token that was verified is taken as good without looking again. Whatever makes it bad before it expires (its client is disabled,
 * its key is retired) takes effect within this time.
 */
const TRUST_MS = 5_000;
/** Tokens that are remembered, at most. */
const MAX_TOKENS = 2_000;

/** Whom a good token stands for, and until when, in milliseconds since 1970. */
export interface Verified {
  readonly identity: Identity;
  readonly expires: number;
}

interface Known {
  readonly verified: Promise<Verified>;
  readonly until: number;
}

/** Remembers who tokens stood for: to verify a signature costs as much as ten reads. Keeps hashes, not the tokens. */
export class KnownTokens {
  readonly #known = new Map<string, Known>();
  // Tokens live on real time, never the demo's clock.
  readonly #clock = new RealClock();

  /** Whom the token stands for, by `verify` where that is not known or was found out too long ago. Refusals are not remembered. */
  async identify(token: string, verify: () => Promise<Verified>): Promise<Identity> {
    const key = hash('sha256', token, 'base64');
    const now = this.#clock.now().getTime();
    const known = this.#known.get(key);
    if (known && now < known.until) {
      const { identity, expires } = await known.verified;
      if (now < expires) return identity;
    }
    const verified = verify();
    this.#remember(key, { verified, until: now + TRUST_MS });
    try {
      return (await verified).identity;
    } catch (error) {
      if (this.#known.get(key)?.verified === verified) this.#known.delete(key);
      throw error;
    }
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    // The oldest stand first.
    for (const [oldest] of this.#known) {
      if (this.#known.size <= MAX_TOKENS) break;
      this.#known.delete(oldest);
    }
  }
}
