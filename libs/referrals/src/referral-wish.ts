import { DISCIPLINES, type Discipline } from '@cairn/people';
import type { ServiceRequest } from '@medplum/fhirtypes';
import { z } from 'zod';
import usual from './referral-coding.json' with { type: 'json' };
import { DIALECTS, type Dialect } from './referral.dialect.js';

/** What a referrer wants: that the patient be seen, or advice only. */
export const ASKS_FOR = ['care', 'advice'] as const;
export type AsksFor = (typeof ASKS_FOR)[number];

/** A code, in every dialect unless one is named. */
const coding = z.strictObject({ system: z.url(), code: z.string().min(1).max(100), dialect: z.enum(DIALECTS).optional() });

/** By which codes a request says what it asks for. Looked for in code, category and performerType. */
export const wishCodingSchema = z.strictObject({
  /** A request with one of these codes asks for advice. */
  advice: z.array(coding).max(100).default(usual.advice.value),
  /** So does one with such an intent, if it is for this clinic in all else. Without them only orders are referrals. */
  adviceIntents: z.array(z.enum(['proposal', 'plan', 'directive', 'option'])).default(usual.adviceIntents.value),
  disciplines: z.array(coding.extend({ discipline: z.enum(DISCIPLINES) })).max(200).default(() => z.array(coding.extend({ discipline: z.enum(DISCIPLINES) })).parse(usual.disciplines.value)),
  /** `programme` is the name by which the worklist is filtered. */
  programmes: z.array(coding.extend({ programme: z.string().trim().min(1).max(100) })).max(200).default(usual.programmes.value),
});
type WishCoding = z.infer<typeof wishCodingSchema>;

/** What a request asks for, as far as its codes tell. */
export interface Wish {
  readonly asksFor: AsksFor;
  readonly discipline: Discipline | null;
  readonly programme: string | null;
}

/** Reads the wish. Where several codes fit, the clinic's list decides by its order. */
export function wishOf(request: ServiceRequest, rules: WishCoding, dialect: Dialect): Wish {
  const said = [request.code, ...(request.category ?? []), request.performerType].flatMap((concept) => concept?.coding ?? []);
  const holds = (rule: z.infer<typeof coding>): boolean => (rule.dialect ?? dialect) === dialect && said.some(({ system, code }) => system === rule.system && code === rule.code);
  return {
    asksFor: rules.adviceIntents.some((intent) => intent === request.intent) || rules.advice.some(holds) ? 'advice' : 'care',
    discipline: rules.disciplines.find(holds)?.discipline ?? null,
    programme: rules.programmes.find(holds)?.programme ?? null,
  };
}
