import type { Organization, Reference, Resource, ServiceRequest, Task } from '@medplum/fhirtypes';
import { isFulfilTask, isTyped } from './referral.fhir.js';
import type { ReferralSettings } from './referral.settings.js';

/** FHIR's intents that are orders to be carried out. Source: R4 request-intent, `order` and its children. */
const ORDER_LIKE: readonly string[] = ['order', 'original-order', 'reflex-order', 'filler-order', 'instance-order'];

/** Reads what a reference points to, contained in `holder` or stored; undefined when it is not to be had. */
export type Resolve = (reference: string, holder: Resource) => Promise<Resource | undefined>;

/**
 * Whether the ServiceRequest is a referral to this clinic: active, an order (or an intent by which the clinic is asked for advice), and either performed by the clinic or with a code or category among the
 * clinic's referral codes.
 */
export async function isReferralRequest(request: ServiceRequest, settings: ReferralSettings, resolve: Resolve): Promise<boolean> {
  if (request.status !== 'active' || ![...ORDER_LIKE, ...settings.coding.adviceIntents].includes(request.intent)) return false;
  const codings = [request.code, ...(request.category ?? [])].flatMap((concept) => concept?.coding ?? []);
  if (codings.some(({ system, code }) => settings.codes.some((known) => known.system === system && known.code === code))) return true;
  for (const performer of request.performer ?? []) if (await isThisClinic(performer, request, settings, resolve)) return true;
  return false;
}

/** Whether the Task, which is none by its focus, is addressed to this clinic as work to be carried out. */
export async function isAddressedHere(task: Task, settings: ReferralSettings, resolve: Resolve): Promise<boolean> {
  return isFulfilTask(task) && task.owner !== undefined && (await isThisClinic(task.owner, task, settings, resolve));
}

/** The clinic itself, by its Organization, by one of its identifiers, or by a service or a role that belongs to it. */
async function isThisClinic(party: Reference, holder: Resource, settings: ReferralSettings, resolve: Resolve): Promise<boolean> {
  if (party.reference === settings.reference || isOwnIdentifier(party.identifier, settings)) return true;
  if (party.reference === undefined) return false;
  const resource = await resolve(party.reference, holder);
  if (resource?.resourceType === 'Organization') return bearsOwnIdentifier(resource, settings);
  const home = resource?.resourceType === 'HealthcareService' ? resource.providedBy : resource?.resourceType === 'PractitionerRole' ? resource.organization : undefined;
  if (home?.reference === undefined) return isOwnIdentifier(home?.identifier, settings);
  if (home.reference === settings.reference) return true;
  const organization = await resolve(home.reference, holder);
  return organization?.resourceType === 'Organization' && bearsOwnIdentifier(organization, settings);
}

const isOwnIdentifier = (identifier: { system?: string; value?: string } | undefined, settings: ReferralSettings): boolean =>
  settings.organisation.identifiers.some((own) => own.system === identifier?.system && own.value === identifier.value);

const bearsOwnIdentifier = (organization: Organization, settings: ReferralSettings): boolean =>
  (organization.identifier ?? []).some((identifier) => isOwnIdentifier(identifier, settings));

/**
 * The keys by which the same request is known again: its place in the store and, within the connection that sent it, the placer's number. A number
 * without a system is no key: two placers may use the same one.
 */
export function requestKeys(request: ServiceRequest & { id: string }, connectionId: string | null): string[] {
  const numbers = (request.identifier ?? []).filter((identifier) => identifier.type === undefined || isTyped(identifier, 'PLAC'));
  return [
    `ServiceRequest/${request.id}`,
    ...numbers.flatMap(({ system, value }) => (system && value ? [`placer:${connectionId ?? 'clinic'}:${system}|${value}`] : [])),
  ];
}

/** The logical id in a reference of this type, or undefined when it points elsewhere. */
export function idIn(reference: Reference | undefined, type: string): string | undefined {
  const [, found, id] = /^([A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/.+)?$/.exec(reference?.reference ?? '') ?? [];
  return found === type ? id : undefined;
}
