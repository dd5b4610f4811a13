import type { ContactStanding } from './contact-standing.js';
import { mayUse } from './contact-standing.js';
import type { Channel, Topic } from './contact-words.js';
import { dayPlus, localDay, atWallTime, nextWithin } from './local-time.js';
import rules from './contact-rules.json' with { type: 'json' };

/** What must be known to decide whether a patient may be contacted now. */
export interface ContactQuestion {
  readonly now: Date;
  /** The recipient's own IANA zone. */
  readonly zone: string;
  readonly topic: Topic;
  readonly channel: Channel;
  readonly deceased: boolean;
  readonly standing: ContactStanding;
  /** When this patient was last contacted on this channel by Cairn's own initiative; a week back is enough. */
  readonly sentLately: readonly Date[];
}

/** Rules that can forbid a contact. The last two pass with time. */
export type ContactRule = 'deceased' | 'opted-out' | 'no-consent' | 'quiet-hours' | 'frequency-cap';

export type ContactAnswer = { readonly ok: true } | { readonly ok: false; readonly rule: ContactRule; readonly until?: Date };

const HOURS = rules.quietHours;

/** The number of days that any frequency cap looks back. */
export const CAP_DAYS = Math.max(...rules.frequencyCaps.map((cap) => cap.days));

function cappedUntil({ now, zone, channel, sentLately }: ContactQuestion): Date | undefined {
  const days = sentLately.map((sent) => localDay(sent, zone)).sort();
  const ends = rules.frequencyCaps
    .filter((cap) => cap.channel === channel)
    .map((cap) => {
      const counted = days.filter((day) => day > dayPlus(localDay(now, zone), -cap.days));
      const blocking = counted.at(-cap.most);
      return blocking === undefined ? undefined : dayPlus(blocking, cap.days);
    })
    .filter((day) => day !== undefined)
    .sort();
  const last = ends.at(-1);
  return last === undefined ? undefined : atWallTime(last, HOURS.from, zone);
}

/**
 * Whether Cairn may contact the patient of its own initiative, now, on this channel, about this topic. Refuses by the first rule that
 * forbids it: the dead, the opted out, no consent, outside 08:00–21:00 on the recipient's own clock, too often. `until` says from when the
 * question may be asked again. Source of the numbers: `contact-rules.json`.
 */
export function mayContact(question: ContactQuestion): ContactAnswer {
  const { now, zone, topic, channel, deceased, standing } = question;
  if (deceased) return { ok: false, rule: 'deceased' };
  const use = mayUse(standing, topic, channel);
  if (use !== 'yes') return { ok: false, rule: use };
  const open = nextWithin(now, HOURS, zone);
  if (open.getTime() !== now.getTime()) return { ok: false, rule: 'quiet-hours', until: open };
  const until = cappedUntil(question);
  return until ? { ok: false, rule: 'frequency-cap', until } : { ok: true };
}
