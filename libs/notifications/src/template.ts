import { IntlMessageFormat } from 'intl-messageformat';
import type { Channel } from '@cairn/people';
import { NOTICES, type ReminderKind } from '@cairn/reminders';
import { gsmLength, toGsm } from './gsm-alphabet.js';
import table from './templates.json' with { type: 'json' };

/** Languages that messages are written in. */
export const LANGUAGES = ['en', 'es', 'fr'] as const;
type Language = (typeof LANGUAGES)[number];

/** Templates that a reminder can use, and those that answer a text message. */
export const REMINDER_TEMPLATES = ['follow-up', 'visit', 'questionnaire', ...NOTICES] as const;
export const SERVICE_TEMPLATES = ['stopped', 'started', 'help'] as const;
export type ReminderTemplate = (typeof REMINDER_TEMPLATES)[number];
export type ServiceTemplate = (typeof SERVICE_TEMPLATES)[number];
export type Template = ReminderTemplate | ServiceTemplate;

/** Version of the templates; kept with each message, so that its text can be made again. */
export const TEMPLATES_VERSION = table.version;

/** Longest plain text message, in characters of its alphabet. Source: contact-rules, "health-exempt". */
export const SMS_LONGEST = 160;
/** A longer given name is left out of a text message rather than cut. */
export const SMS_LONGEST_NAME = 15;

/** What stands in a message. */
export interface Parameters {
  /** The clinic's neutral name. */
  readonly clinic: string;
  /** The clinic's number, as people write it. */
  readonly phone: string;
  /** The patient's given name. */
  readonly name?: string | undefined;
  /** The day it is about, on the recipient's own clock. */
  readonly day?: Date | undefined;
  /** The recipient's zone. */
  readonly zone?: string | undefined;
  /** Where to answer. */
  readonly link?: string | undefined;
  /** Where to stop messages. */
  readonly stop?: string | undefined;
}

/** The language a message is written in, the locale of its dates, and whether the patient needs an interpreter to understand it. */
export interface Wording {
  readonly language: Language;
  readonly locale: string;
  readonly interpreterNeeded: boolean;
}

const isLanguage = (word: string | undefined): word is Language => (LANGUAGES as readonly (string | undefined)[]).includes(word);

/** English where the patient's language is not offered; then, as where the record asks for one, an interpreter is needed. */
export function wordingFor(patientLanguage: string | undefined, interpreterOnRecord: boolean): Wording {
  const language = patientLanguage?.toLowerCase().split('-')[0];
  if (isLanguage(language)) return { language, locale: patientLanguage ?? language, interpreterNeeded: interpreterOnRecord };
  return { language: 'en', locale: 'en', interpreterNeeded: interpreterOnRecord || language !== undefined };
}

/** The template that reminders of a kind use. */
export const templateFor = (kind: ReminderKind): ReminderTemplate => table.forKind[kind] as ReminderTemplate;

const formatsIn = (timeZone: string) => ({
  date: {
    dayOnly: { timeZone, weekday: 'short', day: 'numeric', month: 'short' },
    dayAndYear: { timeZone, weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  } as const,
});

function fill(message: string, { locale }: Wording, { zone = 'UTC', ...values }: Parameters & { hello?: string }): string {
  const filled = new IntlMessageFormat(message, locale, formatsIn(zone), { ignoreTag: true }).format({ ...values, name: values.name ?? 'none' });
  if (typeof filled !== 'string') throw new Error('A template must come to text.');
  return filled;
}

/** The text of an SMS, or undefined when it can't be said in one plain message. */
export function smsText(template: Template, wording: Wording, parameters: Parameters): string | undefined {
  const name = parameters.name && toGsm(parameters.name);
  const hello = name && name.length <= SMS_LONGEST_NAME ? `${name}, ` : '';
  const text = toGsm(fill(table.sms[template][wording.language], wording, { ...parameters, hello }));
  return text !== undefined && gsmLength(text) <= SMS_LONGEST ? text : undefined;
}

/** Subject and text of an e-mail. */
export function emailText(template: ReminderTemplate, wording: Wording, parameters: Parameters): { subject: string; text: string } {
  const { subject, text } = table.email[template][wording.language];
  return { subject: fill(subject, wording, parameters), text: fill(text, wording, parameters) };
}

/** One sentence of the page behind the link that stops messages. */
export const stopPageText = (part: keyof (typeof table.stopPage)['en'], wording: Wording, parameters: Parameters): string => fill(table.stopPage[wording.language][part], wording, parameters);

/** Whether the template is written for the channel: answers to text messages are text messages. */
export const isWrittenFor = (template: Template, channel: Channel): boolean => Object.hasOwn(table[channel], template);
