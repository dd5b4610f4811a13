import { Caller } from '../http.js';

/** Where everybody is. */
export interface Addresses {
  readonly api: string;
  readonly ehr: string;
  readonly sms: string;
  readonly inbox: string;
  readonly oidc: string;
}

export type StaffRole = 'coordinator' | 'clinician' | 'conference-lead' | 'hospital-it' | 'auditor';

/** What the journey needs of the world around it. */
export interface World {
  readonly addresses: Addresses;
  /** A member of staff at Cairn's REST interface, signed in at the identity provider. */
  staff(role: StaffRole): Promise<Caller>;
  /** Kills the worker without warning and returns when another has taken its place. */
  killWorker(): Promise<void>;
}

/** The hospital, by its control pages: what it ordered, and what stands in its records. */
export const hospitalOf = ({ addresses }: World): Caller => new Caller(addresses.ehr);

/** The patients' phones. */
export const phonesOf = ({ addresses }: World): Caller => new Caller(addresses.sms);

/** The patients' mail. */
export const mailOf = ({ addresses }: World): Caller => new Caller(addresses.inbox);

/** Somebody without a token at Cairn's REST interface: a patient who follows a link. */
export const visitorOf = ({ addresses }: World): Caller => new Caller(addresses.api);

/** The time that Cairn goes by. */
export async function presentTime(world: World): Promise<Date> {
  const { now } = await (await world.staff('coordinator')).get<{ now: string }>('/api/v1/demo/clock');
  return new Date(now);
}

/** Moves the clock of every process forward to this instant; does nothing when it has passed. */
export async function waitUntil(world: World, instant: Date): Promise<void> {
  const ahead = Math.ceil((instant.getTime() - (await presentTime(world)).getTime()) / 1000);
  if (ahead > 0) await (await world.staff('coordinator')).post('/api/v1/demo/clock', { by: `PT${ahead}S` });
}
