import { Caller } from '../http.js';

/** Where everybody is. */
export interface Addresses {
  readonly api: string;
  readonly ehr: string;
  readonly sms: string;
  readonly smtp: string;
  readonly oidc: string;
}

export type StaffRole = 'coordinator' | 'clinician' | 'conference-lead' | 'hospital-it' | 'auditor';

/** What the journey needs of the world around it. */
export interface World {
  readonly addresses: Addresses;
  /** A member of staff at Cairn's REST interface, signed in at the identity provider. */
  staff(role: StaffRole): Promise<Caller>;
  /** The hospital's control pages. */
  readonly hospital: Caller;
  /** The SMS gateway's control pages: the patient's phone. */
  readonly phone: Caller;
  /** The mailbox's control pages. */
  readonly mailbox: Caller;
  /** Somebody without a token. */
  readonly anybody: Caller;
  /** Kills the worker without warning and returns when another has taken its place. */
  killWorker(): Promise<void>;
}

/** Moves the clock of every process forward by an ISO 8601 duration. */
export async function passTime(world: World, by: string): Promise<void> {
  const coordinator = await world.staff('coordinator');
  await coordinator.post('/api/v1/demo/clock', { by });
}
