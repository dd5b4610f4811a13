import { localMoment } from '@cairn/people';
import { DECLINE_REASONS, type Pathway } from './referral.settings.js';

/** What the referrer is told, and under which code. Holds nothing that names the patient: the Communication says whom it is about. */
export interface Letter {
  readonly code: string;
  readonly text: string;
  readonly urgent: boolean;
}

const letter = (code: string, text: string, urgent = false): Letter => ({ code, text, urgent });

const NEXT: Record<Pathway, string> = {
  assessment: 'The next step is an assessment visit; we arrange it with the patient.',
  conference: 'Our team discusses the case in its conference; you will receive the recommendations.',
  programme: 'We offer the patient a place in one of our programmes.',
  'single-discipline': 'One of our disciplines takes it on; we arrange the visit with the patient.',
  'advice-only': 'We will answer with written advice; no visit is planned.',
};

const URGENCY_WORDS = { routine: 'routine', urgent: 'urgent', asap: 'as soon as possible', stat: 'immediate' } as const;

export const acceptedLetter = (urgency: keyof typeof URGENCY_WORDS, pathway: Pathway, comment: string): Letter =>
  letter('referral-accepted', `We accept your referral (urgency: ${URGENCY_WORDS[urgency]}). ${NEXT[pathway]} Our comment: ${comment}`, urgency === 'stat');

export const declinedLetter = (reason: keyof typeof DECLINE_REASONS, advice: string): Letter =>
  letter('referral-declined', `We cannot take on your referral. Reason: ${DECLINE_REASONS[reason]}. Our advice: ${advice} The patient stays in your care.`);

export const redirectedLetter = (redirectedTo: string, comment: string): Letter =>
  letter('referral-redirected', `We have passed your referral on to ${redirectedTo}, who can help better. Our comment: ${comment} We keep it on our list until they confirm.`);

export const questionLetter = (question: string, missing: readonly string[]): Letter =>
  letter(
    'information-requested',
    `Before we can decide on your referral we need to know more.${question ? ` ${question}` : ''}${missing.length > 0 ? ` Not found in what you sent: ${missing.join('; ')}.` : ''} Answer with a Communication based on the same request, or add to the request's supporting information.`,
  );

export const reminderLetter = (missing: readonly string[]): Letter =>
  letter(
    'information-reminder',
    `We still wait for what we asked you about your referral, and cannot decide before.${missing.length > 0 ? ` Not found in what you sent: ${missing.join('; ')}.` : ''} Answer with a Communication based on the same request, or add to the request's supporting information.`,
  );

/** `number` is Cairn's own number of the referral that goes on. */
export const duplicateLetter = (number: string): Letter =>
  letter('referral-duplicate', `We have this referral twice, so we end this one as a duplicate and go on with the other (our number ${number}). Nothing is lost; the patient keeps their place.`);

export const adviceLetter = (text: string): Letter => letter('advice', text);

export const convertedLetter = (urgency: keyof typeof URGENCY_WORDS, pathway: Pathway, comment: string): Letter =>
  letter('advice-converted', `As agreed, your request for advice is now a referral (urgency: ${URGENCY_WORDS[urgency]}). ${NEXT[pathway]} Our comment: ${comment}`);

export const withdrawnLetter = (): Letter => letter('referral-withdrawn', 'As you asked, we have ended the work on your referral. Nothing more is planned for the patient here.');

export const correctedLetter = (urgency: keyof typeof URGENCY_WORDS, pathway: Pathway, comment: string): Letter =>
  letter('referral-corrected', `We have corrected our decision on your referral: urgency ${URGENCY_WORDS[urgency]}. ${NEXT[pathway]} Reason: ${comment}`);

/** Told at once when a finding can't wait and nobody of the clinic reads: who does, and when somebody will. */
export function nobodyReadsLetter({ call, nextAt }: { readonly call: readonly string[]; readonly nextAt: Date | null }, zone: string): Letter {
  const next = nextAt ? localMoment(nextAt, zone) : undefined;
  return letter(
    'nobody-reading',
    `Your referral tells of something that cannot wait, and nobody at our clinic is reading at this moment. Do not wait for us: the patient needs to be seen now. Call ${call.join(', or ')}.${next ? ` Somebody reads here again on ${next.day} at ${next.time}, local time of the clinic.` : ''}`,
    true,
  );
}

export const closedLetter = (summary: string): Letter => letter('referral-closed', `Our work on your referral is complete. Outcome: ${summary}`);

export const unseenLetter = (reason: string, comment: string): Letter =>
  letter('referral-closed-not-seen', `We close your referral without having seen the patient. Reason: ${reason}. ${comment}`);
