import { conflict, invalid } from '@cairn/kernel';

/** The version of a row as an `ETag` header says it. */
export const etag = (version: number): string => `W/"${version}"`;

/** The version that an `If-Match` header names, or undefined without one. Refuses what is not an ETag that Cairn gave. */
export function versionIn(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined) return undefined;
  const version = /^(?:W\/)?"?(\d{1,9})"?$/.exec(ifMatch.trim())?.[1];
  if (version === undefined) {
    throw invalid('The If-Match header is not an ETag of this resource.', { issues: [{ path: 'If-Match', message: 'Send the ETag of the answer you read, such as W/"3".' }] });
  }
  return Number(version);
}

/** Refuses with 428 when no version was named, and with 412 when the row has moved on since the caller read it. */
export function expectVersion(named: number | undefined, actual: number): void {
  if (named === undefined) throw conflict('Say which version you are changing: send its ETag as If-Match.', { status: 428, code: 'version-required' });
  if (named !== actual) throw conflict('Somebody changed this since you read it. Read it again and decide anew.', { status: 412, code: 'stale-version' });
}
