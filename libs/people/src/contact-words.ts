/** What a message is about, as far as consent goes: reminders about care, and requests to fill in a questionnaire. */
export const TOPICS = ['care', 'questionnaires'] as const;
export type Topic = (typeof TOPICS)[number];

/** How a message travels. */
export const CHANNELS = ['sms', 'email'] as const;
export type Channel = (typeof CHANNELS)[number];

/** How Cairn learnt of a decision about contact. */
export type Way = 'given-to-provider' | 'in-person' | 'phone' | 'written' | 'sms-reply' | 'email-link';

/** What a decision about contact says. */
export type DecisionKind = 'consent-given' | 'consent-withdrawn' | 'opted-out' | 'opted-in';
