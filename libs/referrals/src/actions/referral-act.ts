import { SetMetadata } from '@nestjs/common';
import { REFERRAL_EVENTS, type ReferralEvent } from '../referral.workflow.js';

/** Moves that only time makes: decisions that take effect, and what stays incomplete and is returned. No route brings them about. */
const BY_TIME = ['take-effect', 'return-incomplete'] as const satisfies readonly ReferralEvent[];
type ReferralMove = Exclude<ReferralEvent, (typeof BY_TIME)[number]>;

/** What people do with a referral without moving it on. */
const REFERRAL_DEEDS = [
  'acknowledge-flag',
  'dismiss-duplicate',
  'write-to-referrer',
  'convert',
  'make-waiting-link',
  'attach',
  'open-authorisation',
  'claim',
  'release',
  'assign',
  'hand-over',
  'route',
] as const;
export type ReferralDeed = (typeof REFERRAL_DEEDS)[number];

/** Everything that can be done with one referral through the REST interface. */
export type ReferralAct = ReferralMove | ReferralDeed;

export const isDeed = (act: ReferralAct): act is ReferralDeed => (REFERRAL_DEEDS as readonly string[]).includes(act);

/** All acts in the order in which they are offered: red flags first, then the moves. */
export const REFERRAL_ACTS: readonly ReferralAct[] = [
  'acknowledge-flag',
  ...REFERRAL_EVENTS.filter((event): event is ReferralMove => !(BY_TIME as readonly string[]).includes(event)),
  ...REFERRAL_DEEDS.filter((deed) => deed !== 'acknowledge-flag'),
];

/** What a route does with the referral in its path. */
export interface DoneByRoute {
  readonly act: ReferralAct;
  /** As it would stand on a button. */
  readonly title: string;
  /** The version must be named as If-Match. */
  readonly needsIfMatch: boolean;
}

export const DONE_BY_ROUTE = 'cairn:referral-act';

/** Says which act a route performs. Every route that writes to one referral must: what people are offered is read from here. */
export const Does = (act: ReferralAct, title: string, needsIfMatch = false): MethodDecorator => SetMetadata(DONE_BY_ROUTE, { act, title, needsIfMatch } satisfies DoneByRoute);
