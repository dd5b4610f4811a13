import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Channel } from './contact-words.js';

const ContactPreferenceSchema = defineEntity({
  name: 'ContactPreference',
  tableName: 'contact_preference',
  properties: {
    clinicId: p.uuid().primary(),
    patientId: p.string().primary(),
    channels: p.array<Channel>(),
    zone: p.string().strictNullable(),
    origin: p.string().$type<'record' | 'chosen'>(),
    changedAt: p.datetime(),
    version: p.integer().version(),
  },
});

/** How a patient wishes to be reached: channels in order of preference, and the zone of their clock where it isn't the clinic's. */
export class ContactPreference extends ContactPreferenceSchema.class {}
ContactPreferenceSchema.setClass(ContactPreference);
