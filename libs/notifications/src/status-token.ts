import type { Keyring } from '@cairn/platform';
import { isUuid } from '@cairn/kernel';

const PURPOSE = 'sms-status';

/** Which attempt, of which clinic, a provider's callback is about. */
export interface AttemptName {
  readonly clinicId: string;
  readonly attemptId: string;
}

/**
 * A name for an attempt that only Cairn can read. It stands in the callback's address, since the clinic must be known before anything is
 * looked up, and a provider should learn nothing about either.
 */
export const sealAttempt = (keyring: Keyring, { clinicId, attemptId }: AttemptName): string => keyring.seal(`${clinicId}/${attemptId}`, PURPOSE);

/** The attempt behind a token, or undefined for one that Cairn did not make. */
export function openAttempt(keyring: Keyring, token: string): AttemptName | undefined {
  try {
    const [clinicId = '', attemptId = ''] = keyring.open(token, PURPOSE).split('/');
    return isUuid(clinicId) && isUuid(attemptId) ? { clinicId, attemptId } : undefined;
  } catch {
    return undefined;
  }
}
