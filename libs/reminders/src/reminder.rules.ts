import type { Channel, ContactAnswer } from '@cairn/people';
import type { ChannelUse } from './reminder-kinds.js';

/** How one channel stands for one patient, now. */
export interface ChannelState {
  readonly channel: Channel;
  /** Whether the record has an address for it. */
  readonly hasAddress: boolean;
  /** What the rules of contact say. */
  readonly contact: ContactAnswer;
}

/** What must be known at the moment of sending. */
export interface SendingQuestion {
  readonly now: Date;
  /** When it falls due and from when it is too late, as computed now. */
  readonly dueAt: Date;
  readonly latestAt: Date;
  /** Whether what it is about still stands: `over` when done or cancelled, `missing` when it can't be found. */
  readonly subject: 'open' | 'over' | 'missing';
  readonly deceased: boolean;
  /** Whether the clinic has said how it shows itself in messages. */
  readonly clinicReady: boolean;
  readonly use: ChannelUse;
  /** The patient's channels, best first. */
  readonly channels: readonly ChannelState[];
}

/** Why a reminder is not sent, in the words of `skipped` rows and escalations. */
export type SendingRule =
  | 'not-yet-due'
  | 'no-longer-needed'
  | 'subject-missing'
  | 'too-late'
  | 'deceased'
  | 'clinic-contact-missing'
  | 'quiet-hours'
  | 'frequency-cap'
  | 'no-consent'
  | 'opted-out'
  | 'no-address'
  | 'no-channel';

export type SendingDecision =
  | { readonly act: 'send'; readonly channels: readonly Channel[] }
  | { readonly act: 'postpone'; readonly until: Date; readonly rule: SendingRule }
  | { readonly act: 'skip'; readonly rule: SendingRule }
  | { readonly act: 'escalate'; readonly rule: SendingRule };

const isOpen = ({ hasAddress, contact }: ChannelState): boolean => hasAddress && contact.ok;

const passing = ({ hasAddress, contact }: ChannelState): { until: Date; rule: SendingRule } | undefined =>
  hasAddress && !contact.ok && contact.until ? { until: contact.until, rule: contact.rule } : undefined;

const obstacle = ({ hasAddress, contact }: ChannelState): SendingRule => {
  if (!contact.ok && contact.rule === 'opted-out') return 'opted-out';
  if (!hasAddress) return 'no-address';
  return contact.ok ? 'no-channel' : contact.rule;
};

/** Why no channel is left: the one reason they share, or just that there is none. */
function whyNone(channels: readonly ChannelState[]): SendingRule {
  const [only, ...others] = new Set(channels.map(obstacle));
  return only !== undefined && others.length === 0 ? only : 'no-channel';
}

/**
 * Whether, when and how a reminder is sent, decided at the moment of sending. What passes with time (night, too many messages) postpones it
 * as long as it is still worth sending, and is its reason when it no longer is. A living patient whom no channel reaches becomes a person's
 * task, never a silence. With `all`, every channel that will open in time is waited for, so that they go out together.
 */
export function decideSending(question: SendingQuestion): SendingDecision {
  const { now, dueAt, latestAt, subject, channels, use } = question;
  if (subject === 'missing') return { act: 'skip', rule: 'subject-missing' };
  if (subject === 'over') return { act: 'skip', rule: 'no-longer-needed' };
  if (question.deceased) return { act: 'skip', rule: 'deceased' };
  if (now >= latestAt) return { act: 'skip', rule: 'too-late' };
  if (now < dueAt) return { act: 'postpone', until: dueAt, rule: 'not-yet-due' };
  if (!question.clinicReady) return { act: 'escalate', rule: 'clinic-contact-missing' };
  const open = channels.filter(isOpen).map(({ channel }) => channel);
  const waits = channels.map(passing).filter((wait) => wait !== undefined);
  const inTime = waits.filter(({ until }) => until < latestAt).sort((a, b) => a.until.getTime() - b.until.getTime());
  const [soonest] = inTime;
  const [wait] = waits;
  if (soonest && (open.length === 0 || use === 'all')) return { act: 'postpone', ...soonest };
  if (open.length > 0) return { act: 'send', channels: open };
  if (wait) return { act: 'skip', rule: wait.rule };
  return { act: 'escalate', rule: whyNone(channels) };
}
