import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { CHANNELS, TOPICS } from './contact-words.js';
import { isZone } from './local-time.js';

/** A logical id of FHIR R4. */
export const fhirId = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id: letters, digits, hyphens and dots, at most 64');

const how = z.enum(['in-person', 'phone', 'written']);

export const preferencesBody = withExample(
  z.strictObject({
    channels: z
      .array(z.enum(CHANNELS))
      .max(CHANNELS.length)
      .refine((channels) => new Set(channels).size === channels.length, 'must not name a channel twice'),
    zone: z.string().refine(isZone, 'must be an IANA time zone such as America/New_York').nullable().default(null),
  }),
  { channels: ['sms', 'email'], zone: 'America/New_York' },
);
export type PreferencesBody = z.infer<typeof preferencesBody>;

export const consentBody = withExample(z.strictObject({ topic: z.enum(TOPICS), channel: z.enum(CHANNELS), given: z.boolean(), how }), {
  topic: 'questionnaires',
  channel: 'sms',
  given: true,
  how: 'in-person',
});
export type ConsentBody = z.infer<typeof consentBody>;

export const optBody = withExample(z.strictObject({ topic: z.enum([...TOPICS, 'all']), how }), { topic: 'all', how: 'phone' });
export type OptBody = z.infer<typeof optBody>;
