import type { Address, ContactPoint, Organization, Patient, Practitioner, PractitionerRole, RelatedPerson, Resource, ServiceRequest } from '@medplum/fhirtypes';

/** Who placed a request, and how they can be told. */
export interface Referrer {
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  /** The postal address, line by line. */
  readonly post: string | null;
}

type Party = Practitioner | Organization | RelatedPerson | PractitionerRole | Patient;

const PARTIES: readonly string[] = ['Practitioner', 'Organization', 'RelatedPerson', 'PractitionerRole'];

const isParty = (resource: Resource | undefined): resource is Party => resource !== undefined && PARTIES.includes(resource.resourceType);

/** The resource that the request names as its requester: one that it contains, or the one found at its reference. */
const requesterOf = ({ contained, requester }: ServiceRequest, found: Resource | undefined): Resource | undefined =>
  requester?.reference?.startsWith('#') ? contained?.find(({ id }) => `#${id}` === requester.reference) : found;

/** How a requester can be told. What the record lacks is null; a patient who referred themselves is told as a patient, so there is no referrer. */
export function referrerOf(request: ServiceRequest, found: Resource | undefined): Referrer | undefined {
  const party = requesterOf(request, found);
  if (request.requester?.reference?.startsWith('Patient/')) return undefined;
  const name = request.requester?.display ?? nameOf(party) ?? 'The referrer';
  if (!isParty(party)) return { name, email: null, phone: null, post: null };
  const points = party.telecom ?? [];
  const address = 'address' in party ? [party.address ?? []].flat()[0] : undefined;
  return { name, email: valueOf(points, 'email'), phone: valueOf(points, 'phone'), post: address ? postOf(address) : null };
}

const valueOf = (points: readonly ContactPoint[], system: ContactPoint['system']): string | null =>
  points.find((point) => point.system === system && point.use !== 'old' && point.value)?.value ?? null;

function nameOf(party: Resource | undefined): string | undefined {
  if (party?.resourceType === 'Organization') return party.name;
  if (party?.resourceType !== 'Practitioner' && party?.resourceType !== 'RelatedPerson') return undefined;
  const [name] = party.name ?? [];
  return name?.text ?? ([...(name?.given ?? []), name?.family].filter(Boolean).join(' ') || undefined);
}

const postOf = ({ text, line, postalCode, city, state, country }: Address): string | null =>
  text ?? ([...(line ?? []), [postalCode, city, state].filter(Boolean).join(' '), country].filter(Boolean).join('\n') || null);
