import { isUtf8 } from 'node:buffer';
import { isResourceType } from '../definitions/structures.js';
import type { SentRequest } from '../http/sent-request.js';
import rules from './refused-writes.json' with { type: 'json' };

const { types, methods, operations, statuses } = rules.kept;

/** A referral's type as JSON names it, wherever it stands in a body. */
const NAMED = new RegExp(`"resourceType"\\s*:\\s*"(?:${types.join('|')})"`);

/** The answer to a write that may be kept: the sender's fault, but not that it is unknown (401) or too fast (429). */
export const isRefusal = (status: number): boolean => status >= statuses.least && status <= statuses.most && !statuses.except.includes(status);

/**
 * Whether the request may have carried a referral: a write of a ServiceRequest or a Task; a Bundle, a message, or a write to a type that
 * isn't one, whose text names such a resource; JSON sent for a Bundle that nobody can read, as what it held can't be told.
 */
export function mayCarryReferral({ method, url, body }: SentRequest): boolean {
  if (!methods.includes(method) || !Buffer.isBuffer(body)) return false;
  const segments = segmentsOf(url);
  const [first = ''] = segments;
  const last = segments.at(-1) ?? '';
  if (last === '_search' || (last.startsWith('$') && !operations.includes(last))) return false;
  if (types.includes(first)) return true;
  if (isResourceType(first) && first !== 'Bundle') return false;
  return NAMED.test(body.toString('utf8')) || !isJson(body);
}

/** What the request was sent to, in a word that tells nothing of anybody: a resource type, an operation, or `Bundle`. */
export function targetOf(url: string): string {
  const [first = 'Bundle'] = segmentsOf(url);
  return isResourceType(first) || operations.includes(first) ? first : 'unknown';
}

const segmentsOf = (url: string): string[] => (url.split('?', 1)[0] ?? '').split('/').filter(Boolean);

function isJson(body: Buffer): boolean {
  if (!isUtf8(body)) return false;
  try {
    JSON.parse(body.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
