/** What a message is about, as far as consent goes: reminders about care, and requests to fill in a questionnaire. */
export const TOPICS = ['care', 'questionnaires'] as const;
export type Topic = (typeof TOPICS)[number];

/** How a message travels. */
export const CHANNELS = ['sms', 'email'] as const;
export type Channel = (typeof CHANNELS)[number];

/** How Cairn learnt of a decision about contact. */
export const WAYS = ['given-to-provider', 'in-person', 'phone', 'written', 'sms-reply', 'email-link'] as const;
export type Way = (typeof WAYS)[number];

/** What a decision about contact says. */
export const DECISION_KINDS = ['consent-given', 'consent-withdrawn', 'opted-out', 'opted-in'] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];
