import { labelBits } from '@cairn/platform';
import { eachReference, localReference, objectsAt, textOf, type FhirJson } from '../fhir-json.js';
import rules from './exchange.json' with { type: 'json' };

/** How a resource must belong to a connection's referral before that EHR is told of it. */
export type ReferralTie = 'its-task' | 'linked' | 'not-needed';

interface TypeRule {
  readonly ofReferral: string;
  readonly links?: readonly string[];
}

const ruleOf = (type: string): TypeRule | undefined => (rules.types as Record<string, TypeRule>)[type];

/** Types that an EHR is told of at all. */
export const EXCHANGED_TYPES: readonly string[] = Object.keys(rules.types);

/**
 * Whether the exchange calls for the resource: its type is told to referrers, it is not of a category that stays in the house (what a patient is
 * told, say), and the work on it is finished enough to be told.
 */
export function isExchanged(type: string, resource: FhirJson): boolean {
  if (!ruleOf(type)) return false;
  const kept = (rules.kept as Record<string, readonly string[]>)[type] ?? [];
  const codes = objectsAt(resource['category']).flatMap((category) => objectsAt(category['coding']).map((coding) => textOf(coding['code']) ?? ''));
  if (codes.some((code) => kept.includes(code))) return false;
  const element = (rules.statusElement as Record<string, string>)[type] ?? 'status';
  const unfinished = (rules.unfinished as Record<string, readonly string[]>)[type] ?? [];
  return !unfinished.includes(textOf(resource[element]) ?? '');
}

/** How the resource must be tied to a referral, and the local ServiceRequests and Tasks (`Type/id`) that it names as its ties. */
export function referralTies(type: string, resource: FhirJson): { tie: ReferralTie; links: string[] } {
  const rule = ruleOf(type);
  const links: string[] = [];
  for (const element of rule?.links ?? []) {
    eachReference(resource[element], ({ reference }) => {
      const local = localReference(reference);
      if (local && /^(ServiceRequest|Task)\//.test(local)) links.push(local);
    });
  }
  return { tie: (rule?.ofReferral ?? 'linked') as ReferralTie, links };
}

/** The security labels of a resource, as bits. */
export const labelsOf = (resource: FhirJson): number => labelBits(objectsAt(resource['meta']).flatMap((meta) => objectsAt(meta['security'])));
