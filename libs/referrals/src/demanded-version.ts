import { conflict } from '@cairn/kernel';
import { versionIn } from '@cairn/platform';

/** The version that a decision was made on. Refuses with 428 when the caller names none: nobody decides on a referral they have not read. */
export function demandedVersion(ifMatch: string | undefined): number {
  const version = versionIn(ifMatch);
  if (version === undefined) throw conflict('Say which version you decide on: send the ETag that you read as If-Match.', { status: 428, code: 'version-required' });
  return version;
}
