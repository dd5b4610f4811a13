import type { Topic } from '@cairn/people';
import table from './reminder-kinds.json' with { type: 'json' };

/** What a patient is told of a referral, each once, when it happens. */
export const NOTICES = ['referral-received', 'referral-accepted', 'referral-waiting', 'referral-still-wanted', 'referral-booked', 'referral-declined', 'referral-redirected'] as const;
export type Notice = (typeof NOTICES)[number];

export const KINDS = ['follow-up', 'review-3-days', 'review-1-day', 'questionnaire', 'questionnaire-again', ...NOTICES] as const;
export type ReminderKind = (typeof KINDS)[number];

/** What a reminder is about: a review of the care plan, a questionnaire, a questionnaire that was asked for before, or news of a referral. */
export type About = 'plan-review' | 'assessment' | 'assessment-again' | 'referral';

/** `all`: every channel the patient takes, at once. `first-that-works`: one after the other, until one accepts. */
export type ChannelUse = 'all' | 'first-that-works';

/** How reminders of one kind behave. */
export interface KindRules {
  readonly about: About;
  readonly topic: Topic;
  /** Local days before the event at which it falls due, same wall time; absent: when its subject opens. */
  readonly daysBefore?: number;
  /** Local days before the event from which it is too late to send; absent: when its subject closes. */
  readonly untilDaysBefore?: number;
  /** Days for which it is news; absent: until the event. For notices only. */
  readonly newsDays?: number;
  readonly channels: ChannelUse;
  /** Whether the patient is asked for an answer. */
  readonly asks: boolean;
  /** Hours after sending from which the lack of an answer calls for a person. */
  readonly silenceHours?: number;
}

const RULES = table.kinds as Readonly<Record<ReminderKind, KindRules>>;

/** Version of the table of kinds, kept with each reminder that was planned by it. */
export const KINDS_VERSION = table.version;

/** Hours within which a person should have looked at an escalation. */
export const ESCALATION_DUE_HOURS = table.escalation.dueHours;

/** The rules of a kind, from the versioned table `reminder-kinds.json`. */
export const rulesOf = (kind: ReminderKind): KindRules => RULES[kind];

/** The kinds of reminders that something of this sort gets. */
export const kindsAbout = (about: About): ReminderKind[] => KINDS.filter((kind) => RULES[kind].about === about);
