import { eventually } from '../eventually.js';
import { must } from '../story.js';
import { mailOf, phonesOf, waitUntil, type World } from './world.js';

/** How the patient is reached: where texts go, and mail. */
export interface Contact {
  readonly phone: string;
  readonly email: string;
  readonly language: string;
}

interface Reminder {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly subject: string;
  readonly dueAt: string;
}

interface Messages {
  readonly texts: readonly { readonly at: string; readonly body: string; readonly direction: string }[];
  readonly mails: readonly { readonly at: string; readonly subject: string; readonly text: string }[];
}

export async function contactOf(world: World, patientId: string): Promise<Contact> {
  const facts = await (await world.staff('coordinator')).get<{ textPhones: readonly string[]; emails: readonly string[]; language?: string }>(`/api/v1/patients/${patientId}`);
  const [phone] = facts.textPhones;
  const [email] = facts.emails;
  must(phone && email, 'the patient has a number that takes text messages, and a mailbox');
  return { phone, email, language: facts.language?.slice(0, 2) ?? 'en' };
}

/** What is on the patient's phone and in the mailbox. */
export async function messagesOf(world: World, { phone, email }: Contact): Promise<Messages> {
  const texts = await phonesOf(world).get<Messages['texts']>(`/messages?phone=${encodeURIComponent(phone)}`);
  const mails = await mailOf(world).get<Messages['mails']>(`/inbox?to=${encodeURIComponent(email)}`);
  return { texts: texts.filter(({ direction }) => direction === 'to-phone'), mails };
}

/** The reminder of this kind about this subject once it was sent; moves the clock to where it falls due, as often as it is put off. */
export async function reminderSent(world: World, patientId: string, kind: string, subjectId: string): Promise<Reminder> {
  const coordinator = await world.staff('coordinator');
  return eventually(`the reminder "${kind}" is sent`, async () => {
    const { items } = await coordinator.get<{ items: readonly Reminder[] }>(`/api/v1/reminders?patient=${patientId}`);
    const reminder = items.find((each) => each.kind === kind && each.subject.endsWith(subjectId));
    if (reminder && ['pending', 'sending'].includes(reminder.state)) await waitUntil(world, new Date(reminder.dueAt));
    must(!reminder || !['skipped', 'cancelled', 'escalated'].includes(reminder.state), `the reminder is still to be sent (it is ${reminder?.state})`);
    return reminder && ['sent', 'delivered', 'answered'].includes(reminder.state) && reminder;
  });
}
