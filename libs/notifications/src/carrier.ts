import type { Channel } from '@cairn/people';
import type { Outcome } from './delivery.rules.js';

/** A message as a provider takes it. */
export interface Letter {
  readonly to: string;
  readonly text: string;
  /** For e-mail only. */
  readonly subject?: string | undefined;
  readonly stopLink?: string | undefined;
  /** The clinic's neutral name and the number that texts come from. */
  readonly fromName: string;
  readonly fromNumber: string;
  readonly language: string;
  readonly attemptId: string;
  readonly idempotencyKey: string;
}

/** Hands messages to one provider. */
export interface Carrier {
  readonly channel: Channel;
  /** Whether this instance is configured to use it. */
  readonly ready: boolean;
  /** Whether the provider recognises a message that it is handed twice, by its key. */
  readonly repeatsSafely: boolean;
  /** Hands the letter over, once, within ten seconds. Never throws: whatever happens is an outcome. */
  carry(letter: Letter, statusToken: string): Promise<Outcome>;
}

/** Injection token for the list of carriers. */
export const CARRIERS = Symbol('Carriers');
