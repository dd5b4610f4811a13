import { eventually } from '../eventually.js';
import { must } from '../story.js';
import type { Step } from './course.js';
import { contactOf, messagesOf, reminderSent } from './messages.js';
import { phonesOf } from './world.js';

const YES: Record<string, string> = { en: 'YES', es: 'SI', fr: 'OUI' };

/** The follow-up reminder goes out by mail and text, in the patient's language, and the patient confirms. */
export const remind: Step = {
  name: 'remind',
  title: 'Time passes; the reminder goes out and is answered',
  async take(world, story, course) {
    const coordinator = await world.staff('coordinator');
    const patient = await contactOf(world, course.patientId);
    const before = await messagesOf(world, patient);
    const sent = await reminderSent(world, course.patientId, 'follow-up', course.reviewId);
    story.sees('Cairn', `sends the reminder planned for ${sent.dueAt.slice(0, 10)}: the clock was moved there`);
    const { text, mail } = await eventually('both messages are there', async () => {
      const now = await messagesOf(world, patient);
      const latest = { text: now.texts.at(-1), mail: now.mails.at(-1) };
      return now.texts.length > before.texts.length && now.mails.length > before.mails.length && latest.text && latest.mail && { text: latest.text, mail: latest.mail };
    });
    must(text.body.length <= 160, 'the text fits into one message');
    must(!/pain|dolor|douleur/i.test(`${text.body} ${mail.subject} ${mail.text}`), 'neither message tells what the clinic treats');
    story.sees('Patient', `(${patient.language}) text: “${text.body}”`);
    story.sees('Patient', `(${patient.language}) mail: “${mail.subject}”`);
    const word = YES[patient.language] ?? 'YES';
    await phonesOf(world).post(`/phones/${encodeURIComponent(patient.phone)}/replies`, { body: word });
    const answered = await eventually('the confirmation stands on the reminder', async () => {
      const { answer } = await coordinator.get<{ answer: string | null }>(`/api/v1/reminders/${sent.id}`);
      return answer;
    });
    must(answered === 'confirmed', `the answer is a confirmation (it is ${answered})`);
    story.sees('Coordinator', `the patient answered “${word}”: confirmed`);
  },
};
