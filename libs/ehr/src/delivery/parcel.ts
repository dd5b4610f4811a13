import type { Capability } from '../connection/capability.js';
import type { FhirJson } from '../fhir-json.js';
import type { EhrAddress } from '../outside/ehr-address.js';
import type { DeliveryEvent } from './delivery.workflow.js';
import type { Problem } from './problems.js';

/** Which resource at the EHR stands for one of Cairn's (`resource`, as `Type/id`); see EhrResourceLink. */
export interface Link {
  readonly resource: string;
  readonly form: string;
  readonly formVersion: number;
  readonly remoteId: string;
  readonly remoteVersion: string | null;
  readonly placedBy: 'ehr' | 'cairn';
  readonly agreedHash: string | null;
}

/** All that a delivery needs to be sent, read in one go before the call. */
export interface Parcel {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly patientId: string;
  readonly ehr: EhrAddress;
  readonly capability: Capability;
  readonly content: FhirJson;
  /** The content, or what it has become since, must stay in the house. */
  readonly withheld: boolean;
  /** When this version was recorded, as FHIR writes an instant. */
  readonly recordedAt: string;
  /** The newest version before this one that the EHR itself wrote here: what it believes to be agreed. */
  readonly lastTold: FhirJson | undefined;
  /** What the content refers to, by `Type/id`. */
  readonly related: ReadonlyMap<string, FhirJson>;
  /** Links of the resource and of what it refers to. */
  readonly links: readonly Link[];
  /** Cairn's own FHIR base. */
  readonly ownBase: string;
  /** Name of the clinic. */
  readonly clinic: string;
}

/** What became of one try. */
export interface Outcome {
  readonly event: Extract<DeliveryEvent, 'deliver' | 'deliver-otherwise' | 'find-no-form' | 'postpone' | 'fail' | 'give-up'>;
  readonly problem?: Problem;
  readonly httpStatus?: number;
  /** Seconds that the EHR asks to wait. */
  readonly retryAfter?: number;
  /** What the try says of the EHR itself; undefined when it was not asked, or the fault is Cairn's. */
  readonly ehr?: 'answered' | 'at-fault';
  /** The type in which the EHR was told, and what it calls the result. */
  readonly form?: string;
  readonly remote?: string;
  /** What was learned on the way, also by a try that failed. */
  readonly links: readonly Link[];
  /** An interaction that the EHR claims to offer, and refused. */
  readonly refused?: { readonly type: string; readonly interaction: 'create' | 'update' };
}
