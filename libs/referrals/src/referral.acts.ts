import type { CLOSE_UNSEEN_REASONS, DECLINE_REASONS, HOLD_REASONS, Pathway, Urgency } from './referral.settings.js';

/** What people say when they act on a referral: the words and choices that each act needs. */

/** Something said to go with an act. */
export interface Remark {
  readonly comment: string;
}

export interface Acknowledgement {
  readonly actionTaken: string;
}

export interface CalledOff {
  readonly reason: string;
}

/** What came of the referral: a plain sentence or two, and the resources that hold it. */
export interface Outcome {
  readonly summary: string;
  readonly references: readonly string[];
}

export interface Question {
  /** May be left out where something of the minimum data set is missing: that is asked for in any case. */
  readonly question?: string | undefined;
}

export interface Acceptance {
  readonly urgency: Urgency;
  readonly pathway: Pathway;
  readonly comment: string;
}

/** What a waiting patient said. */
export interface WaitingAnswer {
  readonly answer: 'still' | 'worse' | 'not-wanted';
  readonly comment?: string | undefined;
}

/** Words to the referrer. */
export interface Advice {
  readonly text: string;
}

/** A request for advice becomes a referral. */
export interface Conversion extends Acceptance {
  /** Who agreed, where the referrer did not do so by a message. */
  readonly agreedBy?: { readonly name: string; readonly how: 'phone' | 'letter' | 'in-person' } | undefined;
}

export interface Decline {
  readonly reason: keyof typeof DECLINE_REASONS;
  readonly advice: string;
  readonly comment?: string | undefined;
}

export interface Redirection {
  /** To whom. */
  readonly to: string;
  readonly comment: string;
}

export interface Visit {
  readonly start: Date;
  readonly minutes: number;
  readonly practitionerId?: string | undefined;
  readonly description?: string | undefined;
}

export interface Hold {
  readonly reason: keyof typeof HOLD_REASONS;
  readonly comment?: string | undefined;
}

export interface UnseenClosure {
  readonly reason: keyof typeof CLOSE_UNSEEN_REASONS;
  readonly comment: string;
}

/** A patient whom no hospital has sent. */
export interface NewPatient {
  readonly familyName: string;
  readonly givenNames: readonly string[];
  readonly birthDate: string;
  readonly gender: 'male' | 'female' | 'other' | 'unknown';
  readonly phone?: string | undefined;
  readonly email?: string | undefined;
  /** BCP-47. */
  readonly language?: string | undefined;
  readonly interpreterNeeded: boolean;
}

/** A referral that was phoned, faxed, written or brought. */
export interface Registration {
  readonly patient: { readonly id: string } | NewPatient;
  readonly referrer: {
    readonly name: string;
    readonly organisation?: string | undefined;
    readonly phone?: string | undefined;
    readonly email?: string | undefined;
    readonly address?: string | undefined;
  };
  /** When it reached the clinic; now when left out. */
  readonly receivedAt?: Date | undefined;
  /** People type in the first four. */
  readonly receivedBy: 'phone' | 'fax' | 'letter' | 'in-person' | 'link' | 'discharge';
  readonly urgency: Urgency;
  readonly reason: string;
  /** Items of the minimum data set that were told, by their id. */
  readonly information: Readonly<Record<string, string | undefined>>;
  /** Red flags that the referrer was asked about. */
  readonly redFlags: readonly { readonly flag: string; readonly present: boolean }[];
}

/** What comes by a link: the link itself says from whom. */
export type LinkReferral = Pick<Registration, 'reason' | 'information' | 'redFlags'> & { readonly patient: NewPatient };

/** The link that somebody of the clinic wants. */
export interface IntakeLinkWish {
  readonly kind: 'self' | 'community-worker';
  readonly holder?: string | undefined;
  readonly days: number;
}

/** A proposal from a discharge becomes a referral. */
export interface ProposalAcceptance {
  readonly urgency: Urgency;
  readonly comment: string;
}
