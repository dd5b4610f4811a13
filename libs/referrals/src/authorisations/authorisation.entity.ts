import { defineEntity, p } from '@mikro-orm/postgresql';
import type { AuthorisationState } from './authorisation.workflow.js';

const AuthorisationSchema = defineEntity({
  name: 'Authorisation',
  tableName: 'referral_authorisation',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    referralId: p.uuid(),
    patientId: p.string(),
    serviceRequestId: p.string(),
    state: p.string().$type<AuthorisationState>(),
    insurer: p.string(),
    /** What is asked for, in words. */
    service: p.string(),
    /** The insurer's own number. */
    number: p.string().nullable(),
    askedAt: p.datetime().nullable(),
    /** First and last day on which it holds, `YYYY-MM-DD`. */
    grantedFrom: p.string().nullable(),
    grantedUntil: p.string().nullable(),
    /** Null where the insurer set no number. */
    visitsGranted: p.integer().nullable(),
    visitsUsed: p.integer(),
    reason: p.string().nullable(),
    nextAction: p.string().nullable(),
    nextActionAt: p.datetime().nullable(),
    /** When the clock must look at it: to remind, then to let it expire. */
    dueAt: p.datetime().nullable(),
    /** When it was said that it runs out. */
    remindedAt: p.datetime().nullable(),
    ownerName: p.string(),
    openedAt: p.datetime(),
    version: p.integer().version(),
  },
});

/** One authorisation of one insurer for one referral. */
export class Authorisation extends AuthorisationSchema.class {}
AuthorisationSchema.setClass(Authorisation);

/** Visits that it still covers; null where the insurer set no number. */
export const visitsLeft = ({ visitsGranted, visitsUsed }: Pick<Authorisation, 'visitsGranted' | 'visitsUsed'>): number | null =>
  visitsGranted == null ? null : Math.max(0, visitsGranted - visitsUsed);
