import { invalid } from '@cairn/kernel';
import { etag } from '@cairn/platform';
import type { FoundVersion } from '../store/stored-version.js';
import type { FhirRequest } from './fhir-request.js';

/**
 * Whether the caller has this version already, by `If-None-Match` or, where that is missing, `If-Modified-Since` (R4 http.html#cread; RFC 9110,
 * 13.2.2). Refuses with 400 a date that is none.
 */
export function isUnchanged(version: FoundVersion, headers: FhirRequest['headers']): boolean {
  const known = headers['if-none-match'];
  if (known !== undefined) return known.split(',').some((tag) => sameTag(tag.trim(), etag(version.version)));
  const since = headers['if-modified-since'];
  if (since === undefined) return false;
  const seen = Date.parse(since);
  if (Number.isNaN(seen)) {
    throw invalid('The If-Modified-Since header is not a date.', { issues: [{ path: 'If-Modified-Since', message: 'Send the Last-Modified of the answer you read.' }] });
  }
  // The header counts in whole seconds.
  return Math.floor(version.lastUpdated.getTime() / 1000) * 1000 <= seen;
}

const sameTag = (tag: string, ours: string): boolean => tag === '*' || tag.replace(/^W\//, '') === ours.replace(/^W\//, '');
