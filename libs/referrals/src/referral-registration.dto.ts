import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { MINIMUM_DATA_SET } from './minimum-data-set.js';
import { RED_FLAGS } from './red-flag-rules.js';
import { URGENCIES } from './referral.settings.js';

const short = z.string().trim().min(1).max(200);
const fhirId = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id: letters, digits, hyphens and dots, at most 64');

const isLanguage = (text: string): boolean => {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
};

const newPatient = z.strictObject({
  familyName: short,
  givenNames: z.array(short).min(1).max(5),
  birthDate: z.iso.date('must be a date such as 1969-04-30'),
  gender: z.enum(['male', 'female', 'other', 'unknown']).default('unknown'),
  phone: z.string().trim().min(3).max(40).optional(),
  email: z.email().max(200).optional(),
  language: z.string().max(35).refine(isLanguage, 'must be a language tag such as en or es-MX').optional(),
  interpreterNeeded: z.boolean().default(false),
});

/** A referral that was phoned, faxed or written, as a coordinator types it in. */
export const registrationBody = withExample(
  z.strictObject({
    patient: z.union([z.strictObject({ id: fhirId }), newPatient]),
    /** Who asked, and how they are told what becomes of it: by mail where there is a mailbox, else by post, else by telephone. */
    referrer: z.strictObject({
      name: short,
      organisation: short.optional(),
      phone: z.string().trim().min(3).max(40).optional(),
      email: z.email().max(200).optional(),
      address: z.string().trim().min(1).max(500).optional(),
    }),
    receivedBy: z.enum(['phone', 'fax', 'letter', 'in-person']),
    /** When it reached the clinic; now when left out. */
    receivedAt: z.iso.datetime({ offset: true, error: 'must be an instant such as 2026-12-01T09:00:00Z' }).transform((text) => new Date(text)).optional(),
    urgency: z.enum(URGENCIES).default('routine'),
    reason: z.string().trim().min(1).max(2000),
    /** Items of the minimum data set that were told, by their id. */
    information: z.partialRecord(z.enum(MINIMUM_DATA_SET.map((item) => item.id)), z.string().trim().min(1).max(4000)).default({}),
    /** Red flags that the referrer was asked about, with the answer. What was not asked stays unknown. */
    redFlags: z.array(z.strictObject({ flag: z.enum(RED_FLAGS.map((flag) => flag.id)), present: z.boolean() })).max(RED_FLAGS.length).default([]),
  }),
  {
    patient: { familyName: 'Example', givenNames: ['Patient'], birthDate: '1969-04-30', phone: '+12125550123', language: 'es' },
    referrer: { name: 'Practice nurse', organisation: 'Hillside Family Practice', email: 'referrals@hillside.example' },
    receivedBy: 'phone',
    urgency: 'routine',
    reason: 'Low back pain for nine months, no longer at work',
    information: { onset: 'Lifting a box in March', medicines: 'Ibuprofen 400 mg three times a day' },
    redFlags: [{ flag: 'cauda-equina', present: false }],
  },
);
