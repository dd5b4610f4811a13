import { CHANNELS, TOPICS, type Channel, type DecisionKind, type Topic, type Way } from './contact-words.js';

/** One entry of a patient's ledger of decisions about contact. Consent names a channel; opting out and in covers all channels. */
export interface ContactDecision {
  readonly kind: DecisionKind;
  readonly topic: Topic | 'all';
  readonly channel: Channel | null;
  readonly how: Way;
  readonly at: Date;
}

/** A consent in force. */
export interface StandingConsent {
  readonly topic: Topic;
  readonly channel: Channel;
  readonly how: Way;
  readonly since: Date;
}

/** An opt-out in force. */
export interface StandingOptOut {
  readonly topic: Topic;
  readonly how: Way;
  readonly since: Date;
}

/** Where a patient stands on being contacted: the consents and the opt-outs in force. */
export interface ContactStanding {
  readonly consents: readonly StandingConsent[];
  readonly optOuts: readonly StandingOptOut[];
}

const last = (decisions: readonly ContactDecision[], wanted: (decision: ContactDecision) => boolean): ContactDecision | undefined => decisions.findLast(wanted);

/** What the ledger, oldest first, comes to: for consent the last word on each topic and channel, for opting out the last word on each topic or on all. */
export function standingOf(decisions: readonly ContactDecision[]): ContactStanding {
  const consentWords = decisions.filter((decision) => decision.kind.startsWith('consent-'));
  const optWords = decisions.filter((decision) => decision.kind.startsWith('opted-'));
  const consents: StandingConsent[] = [];
  const optOuts: StandingOptOut[] = [];
  for (const topic of TOPICS) {
    for (const channel of CHANNELS) {
      const word = last(consentWords, (decision) => decision.topic === topic && decision.channel === channel);
      if (word?.kind === 'consent-given') consents.push({ topic, channel, how: word.how, since: word.at });
    }
    const word = last(optWords, (decision) => decision.topic === topic || decision.topic === 'all');
    if (word?.kind === 'opted-out') optOuts.push({ topic, how: word.how, since: word.at });
  }
  return { consents, optOuts };
}

/** Whether the standing allows this topic on this channel, or which of the two forbids it. An opt-out weighs more than a consent. */
export function mayUse(standing: ContactStanding, topic: Topic, channel: Channel): 'yes' | 'opted-out' | 'no-consent' {
  if (standing.optOuts.some((optOut) => optOut.topic === topic)) return 'opted-out';
  return standing.consents.some((consent) => consent.topic === topic && consent.channel === channel) ? 'yes' : 'no-consent';
}
