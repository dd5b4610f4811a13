import { decide, type Refusal } from '@cairn/kernel';
import type { Actor } from '@cairn/platform';
import type { Pathway } from '../referral.settings.js';
import { MENDABLE_RULES, referralMachine, type Circumstances, type ReferralEvent, type ReferralState } from '../referral.workflow.js';
import { claimRefusal, type Claim } from '../worklist/referral-claim.js';
import { isDeed, type ReferralAct, type ReferralDeed } from './referral-act.js';

/** What decides whether something can be done with a referral at this moment. */
export interface Outlook {
  readonly state: ReferralState;
  readonly pathway: Pathway | null;
  /** Files that were attached to it here. */
  readonly attachments: number;
  readonly circumstances: Circumstances;
  readonly actor: Actor;
  /** The claim that stands, the actor's own or another's. */
  readonly claim: Claim | undefined;
}

/** No referral carries more: what is larger belongs into the record, not beside a request. */
const MOST_ATTACHMENTS = 50;

type Rule = (outlook: Outlook) => Refusal | undefined;

const rule =
  (name: string, message: string, holds: (outlook: Outlook) => boolean): Rule =>
  (outlook) =>
    holds(outlook) ? undefined : { rule: `referral.${name}`, message };

const open = rule('settled', 'This referral is over: nothing remains to be done with it.', ({ circumstances }) => !circumstances.settled);
const meant = rule('entered-in-error', 'This referral was entered in error: nothing is added to it.', ({ state }) => state !== 'entered-in-error');
const forAdvice = rule('not-for-advice', 'Only a referral that was accepted for advice becomes one to be seen.', ({ pathway }) => pathway === 'advice-only');
const room = rule('attachments-full', `A referral carries ${MOST_ATTACHMENTS} attachments at most.`, ({ attachments }) => attachments < MOST_ATTACHMENTS);
const waits = rule('not-waiting', 'The patient does not stand on the waiting list.', ({ state }) => state === 'waitlisted');
const inOwnHands = rule('not-claimed', 'You do not have this referral in hands.', ({ claim, actor }) => claim?.by.id === actor.id);
const always: Rule = () => undefined;

const moved =
  (event: ReferralEvent): Rule =>
  ({ state, circumstances }) => {
    const decision = decide(referralMachine, state, event, circumstances);
    return decision.ok ? undefined : decision.refusal;
  };

const inForeignHands: Rule = ({ claim, actor }) => (claim && actor.kind === 'person' && claim.by.id !== actor.id ? claimRefusal(claim) : undefined);
/** A claim never stands before an open hard stop: whoever is there acts. */
const free: Rule = (outlook) => (outlook.circumstances.openHardStops > 0 ? undefined : inForeignHands(outlook));

/** The rules of each deed, the first objection wins. Papers that arrive and red flags wait for nobody's hands. */
const DEEDS: Readonly<Record<ReferralDeed, readonly Rule[]>> = {
  'acknowledge-flag': [always],
  'dismiss-duplicate': [free],
  'write-to-referrer': [meant, free],
  convert: [forAdvice, moved('correct'), free],
  'make-waiting-link': [waits, free],
  attach: [meant, room],
  'open-authorisation': [open, free],
  claim: [open, inForeignHands],
  release: [inOwnHands],
  assign: [open, free],
  'hand-over': [open, free],
  route: [open, free],
};

/**
 * Why the act is not possible now; undefined where it is. What the state of the referral forbids is said before what another's claim does, unless that could be
 * mended.
 */
export function objectionTo(act: ReferralAct, outlook: Outlook): Refusal | undefined {
  const rules = isDeed(act) ? DEEDS[act] : [moved(act), free];
  const objections = rules.flatMap((each) => each(outlook) ?? []);
  return objections.find((objection) => !canBeMended(objection)) ?? objections[0];
}

/** Whether the person who is refused, or a colleague, can do something about it. */
export const canBeMended = ({ rule: name }: Refusal): boolean => MENDABLE_RULES.includes(name);
