import { eventually } from '../eventually.js';
import { must } from '../story.js';
import type { Step } from './course.js';
import { mailOf, phonesOf, waitUntil, type World } from './world.js';

interface Reminder {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly subject: string;
  readonly dueAt: string;
  readonly answer: string | null;
}

interface Text {
  readonly to: string;
  readonly body: string;
  readonly direction: string;
}

interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

interface Contact {
  readonly phones: readonly string[];
  readonly emails: readonly string[];
}

const YES: Record<string, string> = { en: 'YES', es: 'SI', fr: 'OUI' };

/** The follow-up reminder goes out by mail and text, in the patient's language, and the patient confirms. */
export const remind: Step = {
  name: 'remind',
  title: 'Time passes; the reminder goes out and is answered',
  async take(world, story, course) {
    const coordinator = await world.staff('coordinator');
    const facts = await coordinator.get<Contact & { language?: string }>(`/api/v1/patients/${course.patientId}`);
    const language = facts.language?.slice(0, 2) ?? 'en';
    const [phone] = facts.phones;
    const [email] = facts.emails;
    must(phone && email, 'the patient has a phone and a mailbox');
    const planned = await eventually('the follow-up reminder is planned', async () => followUpOf(world, course.patientId, course.reviewId));
    story.sees('Cairn', `has planned the reminder for ${planned.dueAt.slice(0, 10)}; now the clock is moved there`);
    const sent = await eventually('the reminder is sent', async () => {
      const reminder = await followUpOf(world, course.patientId, course.reviewId);
      if (reminder && ['pending', 'claimed'].includes(reminder.state)) await waitUntil(world, new Date(reminder.dueAt));
      return reminder && ['sent', 'delivered'].includes(reminder.state) && reminder;
    });
    const text = await eventually('the text is on the phone', async () => latestText(world, phone));
    const mail = await eventually('the mail is in the mailbox', async () => (await mailOf(world).get<Mail[]>(`/inbox?to=${encodeURIComponent(email)}`)).at(-1));
    must(text.body.length <= 160, 'the text fits into one message');
    must(!/pain|dolor|douleur/i.test(`${text.body} ${mail.subject} ${mail.text}`), 'neither message tells what the clinic treats');
    story.sees('Patient', `(${language}) text: “${text.body}”`);
    story.sees('Patient', `(${language}) mail: “${mail.subject}”`);
    const word = YES[language] ?? 'YES';
    await phonesOf(world).post(`/phones/${encodeURIComponent(phone)}/replies`, { body: word });
    const answered = await eventually('the confirmation stands on the reminder', async () => {
      const { answer } = await coordinator.get<Reminder>(`/api/v1/reminders/${sent.id}`);
      return answer;
    });
    must(answered === 'confirmed', `the answer is a confirmation (it is ${answered})`);
    story.sees('Coordinator', `the patient answered “${word}”: confirmed`);
  },
};

async function followUpOf(world: World, patientId: string, reviewId: string): Promise<Reminder | undefined> {
  const coordinator = await world.staff('coordinator');
  const { items } = await coordinator.get<{ items: readonly Reminder[] }>(`/api/v1/reminders?patient=${patientId}`);
  return items.find(({ kind, subject }) => kind === 'follow-up' && subject.endsWith(reviewId));
}

async function latestText(world: World, phone: string): Promise<Text | undefined> {
  const texts = await phonesOf(world).get<Text[]>(`/messages?phone=${encodeURIComponent(phone)}`);
  return texts.filter(({ direction }) => direction === 'to-phone').at(-1);
}
