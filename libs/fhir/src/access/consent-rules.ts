import type { Consent, ConsentProvision } from '@medplum/fhirtypes';
import { labelBits } from '@cairn/platform';

/** What a Consent says of who may see what of its patient. */
export interface ConsentRule {
  readonly effect: 'deny' | 'permit';
  /** Nested provisions are exceptions to those around them. */
  readonly depth: number;
  /** Those it is about: references, or `connection:…`, `system:…`, `person:…`; all outside systems where there are none. */
  readonly actors: readonly string[];
  /** The types it is about; all where there are none. */
  readonly types: readonly string[];
  /** The labels it is about, as bits; all records where there are none. */
  readonly labels: number;
  readonly startsAt?: string;
  readonly endsAt?: string;
}

/** Identifier systems that name those who act here. */
const ACTORS: Readonly<Record<string, string>> = { 'urn:cairn:connection': 'connection', 'urn:cairn:client': 'system', 'urn:cairn:user': 'person' };

const DEEPEST = 3;

/** Elements of a provision that are not looked at: they narrow a denial no further, and a permission that has one permits nothing here. */
const UNREAD: readonly (keyof ConsentProvision)[] = ['action', 'purpose', 'code', 'dataPeriod', 'data'];

/** The rules of a Consent about privacy. None where it isn't active, or where it is Cairn's own about being written to. */
export function consentRules({ status, scope, policyRule, provision }: Consent): ConsentRule[] {
  const isPrivacy = scope?.coding?.some(({ code }) => code === 'patient-privacy') ?? false;
  const isContact = policyRule?.coding?.some(({ system }) => system === 'urn:cairn:code') ?? false;
  return status === 'active' && isPrivacy && !isContact && provision ? rulesOf(provision, 0) : [];
}

function rulesOf(provision: ConsentProvision, depth: number): ConsentRule[] {
  const inner = depth < DEEPEST ? (provision.provision ?? []).flatMap((each) => rulesOf(each, depth + 1)) : [];
  const { type, period, actor = [], securityLabel = [], class: classes = [] } = provision;
  const unread = UNREAD.some((element) => provision[element] !== undefined);
  if (type === undefined || (type === 'permit' && unread)) return inner;
  const rule: ConsentRule = {
    effect: type,
    depth,
    actors: actor.flatMap(({ reference }) => actorOf(reference)),
    types: classes.flatMap(({ system, code }) => (system === 'http://hl7.org/fhir/resource-types' && code !== undefined ? [code] : [])),
    labels: labelBits(securityLabel),
    ...(period?.start === undefined ? {} : { startsAt: period.start }),
    ...(period?.end === undefined ? {} : { endsAt: period.end }),
  };
  // Who or what is named in a way that isn't known here: a denial holds for all, a permission for nobody.
  const unknown = (actor.length > 0 && rule.actors.length === 0) || (classes.length > 0 && rule.types.length === 0) || (securityLabel.length > 0 && rule.labels === 0);
  return type === 'permit' && unknown ? inner : [rule, ...inner];
}

function actorOf(reference: { readonly reference?: string; readonly identifier?: { readonly system?: string; readonly value?: string } } | undefined): string[] {
  const { system = '', value } = reference?.identifier ?? {};
  const kind = ACTORS[system];
  return [...(reference?.reference === undefined ? [] : [reference.reference]), ...(kind !== undefined && value !== undefined ? [`${kind}:${value}`] : [])];
}
