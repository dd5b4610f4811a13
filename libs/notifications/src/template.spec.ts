import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEMO_CONTACT, LONGEST_NEUTRAL_NAME, clinicContactSchema, showPhone, tells } from '@cairn/people';
import { KINDS, NOTICES } from '@cairn/reminders';
import { gsmLength, toGsm } from './gsm-alphabet.js';
import { LANGUAGES, REMINDER_TEMPLATES, SERVICE_TEMPLATES, SMS_LONGEST, SMS_LONGEST_NAME, emailText, smsText, templateFor, wordingFor, type Parameters } from './template.js';
import table from './templates.json' with { type: 'json' };

const longestClinic = 'W'.repeat(LONGEST_NEUTRAL_NAME);
const longestName = 'W'.repeat(SMS_LONGEST_NAME);
/** As long as a link gets with an address of 31 characters; demo mode's has 21. */
const longestLink = `https://cairn.example-clinic.org/answer/${'x'.repeat(54)}`.slice(0, 31 + '/answer/'.length + 54);
const longestPhone = '+000 000 000 000 00';

const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
const days = fc.date({ min: new Date('2026-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
const locales: Record<(typeof LANGUAGES)[number], readonly string[]> = { en: ['en', 'en-US', 'en-GB', 'en-AU', 'en-CA', 'en-IN'], es: ['es', 'es-US', 'es-MX', 'es-AR', 'es-PR'], fr: ['fr', 'fr-CA', 'fr-BE', 'fr-HT'] };

const demo: Parameters = { clinic: 'Harbour Street Clinic', phone: '(212) 555-0100', name: 'Ana', day: new Date('2026-11-24T15:00:00Z'), zone: 'America/New_York', link: 'http://127.0.0.1:3000/answer/x', stop: 'http://127.0.0.1:3000/stop/x' };

/** News that is not about a day. */
const DAYLESS: readonly string[] = NOTICES.filter((notice) => notice !== 'referral-booked');

describe('message templates', () => {
  const texts = [...REMINDER_TEMPLATES, ...SERVICE_TEMPLATES].flatMap((template) => LANGUAGES.flatMap((language) => locales[language].map((locale) => ({ template, locale }))));

  it.each(texts)('$template in $locale fits one text message, whatever stands in it', ({ template, locale }) => {
    fc.assert(
      fc.property(zones, days, (zone, day) => {
        const text = smsText(template, wordingFor(locale, false), { clinic: longestClinic, phone: longestPhone, name: longestName, day, zone, link: longestLink });
        expect(text).toBeDefined();
        expect(gsmLength(text ?? '')).toBeLessThanOrEqual(SMS_LONGEST);
        expect(toGsm(text ?? '')).toBe(text);
      }),
      { numRuns: 15 },
    );
  });

  it('counts on no number longer than those that there are', () => {
    expect(showPhone(DEMO_CONTACT.phone, 'US').length).toBeLessThanOrEqual(longestPhone.length);
    expect(showPhone('+442079460000', 'US').length).toBeLessThanOrEqual(longestPhone.length);
  });

  it('has every template in every language on its channels', () => {
    for (const language of LANGUAGES) {
      for (const template of [...REMINDER_TEMPLATES, ...SERVICE_TEMPLATES]) expect(table.sms[template][language]).toEqual(expect.any(String));
      for (const template of REMINDER_TEMPLATES) expect(table.email[template][language]).toEqual({ subject: expect.any(String), text: expect.any(String) });
    }
    expect(KINDS.map(templateFor).every((template) => REMINDER_TEMPLATES.includes(template))).toBe(true);
  });

  it('says name, day, clinic, number and how to stop, and nothing that tells what the clinic treats', () => {
    for (const language of LANGUAGES) {
      const wording = wordingFor(language, false);
      for (const template of REMINDER_TEMPLATES) {
        const { subject, text } = emailText(template, wording, demo);
        const day = DAYLESS.includes(template) ? [] : ['24', '2026'];
        for (const part of [demo.clinic, demo.phone, 'Ana', ...day, demo.stop ?? '']) expect(text).toContain(part);
        expect(subject).not.toContain('Ana');
        expect(tells(`${subject} ${text} ${smsText(template, wording, demo) ?? ''}`)).toBe(false);
      }
      for (const template of ['follow-up', 'visit', 'referral-booked'] as const) {
        const text = smsText(template, wording, demo) ?? '';
        for (const part of [demo.clinic, demo.phone, 'Ana', '24', 'STOP']) expect(text).toContain(part);
      }
    }
  });

  it('speaks of the day on the recipient’s own clock', () => {
    const late = { ...demo, day: new Date('2026-11-25T03:00:00Z') };
    expect(smsText('visit', wordingFor('en-US', false), late)).toContain('Tue, Nov 24');
    expect(smsText('visit', wordingFor('en-US', false), { ...late, zone: 'Europe/Paris' })).toContain('Wed, Nov 25');
    expect(emailText('visit', wordingFor('fr', false), late).text).toContain('mardi 24 novembre 2026');
  });

  it('falls back to English, and says that an interpreter is needed', () => {
    expect(wordingFor('so', false)).toEqual({ language: 'en', locale: 'en', interpreterNeeded: true });
    expect(wordingFor('es-MX', false)).toEqual({ language: 'es', locale: 'es-MX', interpreterNeeded: false });
    expect(wordingFor('es', true)).toMatchObject({ language: 'es', interpreterNeeded: true });
    expect(wordingFor(undefined, false)).toEqual({ language: 'en', locale: 'en', interpreterNeeded: false });
  });

  it('leaves out a name that the alphabet lacks, or that is too long', () => {
    const wording = wordingFor('en', false);
    expect(smsText('visit', wording, { ...demo, name: '明子' })).toMatch(/^Harbour/);
    expect(smsText('visit', wording, { ...demo, name: 'Maximiliana-Theodora' })).toMatch(/^Harbour/);
    expect(smsText('visit', wording, { ...demo, name: 'José María' })).toMatch(/^José Maria, /);
    expect(emailText('visit', wording, { ...demo, name: undefined }).text).toMatch(/^Hello,/);
  });

  it('takes braces and angle brackets in a name for what they are', () => {
    expect(emailText('visit', wordingFor('en', false), { ...demo, name: '{clinic} <b>' }).text).toMatch(/^Hello \{clinic\} <b>,/);
  });

  it('refuses an SMS that can’t be said in one message', () => {
    expect(smsText('questionnaire', wordingFor('en', false), { ...demo, link: `https://${'a'.repeat(120)}.org/answer/${'x'.repeat(54)}` })).toBeUndefined();
  });

  it('has a longest clinic name that the settings enforce', () => {
    expect(clinicContactSchema.safeParse({ ...DEMO_CONTACT, neutralName: longestClinic }).success).toBe(true);
    expect(clinicContactSchema.safeParse({ ...DEMO_CONTACT, neutralName: `${longestClinic}W` }).success).toBe(false);
  });
});
