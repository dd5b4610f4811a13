import { invalid } from '@cairn/kernel';
import { z } from 'zod';
import nrsPain from './instruments/nrs-pain.json' with { type: 'json' };
import peg from './instruments/peg.json' with { type: 'json' };
import phq9 from './instruments/phq-9.json' with { type: 'json' };
import sources from './instruments/sources.json' with { type: 'json' };

/** Where a figure comes from, whether it was checked there, and how near that place is to the owner. Keys of `source` stand in `sources.json`. */
const sourced = {
  source: z.array(z.enum(Object.keys(sources) as [keyof typeof sources])).min(1),
  verified: z.boolean(),
  level: z.enum(['primary', 'secondary', 'memory']),
  note: z.string().optional(),
};

const loincSchema = z.strictObject({ code: z.string(), display: z.string().optional() });

const answerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('scale'), min: z.int(), max: z.int(), minLabel: z.string().optional(), maxLabel: z.string().optional() }),
  z.strictObject({ kind: z.literal('choice'), options: z.array(z.strictObject({ code: z.string(), display: z.string(), score: z.int() })).min(2) }),
]);

const itemSchema = z.strictObject({
  linkId: z.string(),
  code: z.string(),
  text: z.string(),
  required: z.boolean(),
  scored: z.boolean(),
  answer: answerSchema,
});

/** A change that counts: by points, or in per cent of the baseline; where both stand, either is enough. */
const changeSchema = z
  .strictObject({ points: z.int().positive().optional(), percent: z.int().positive().optional(), ...sourced })
  .refine((rule) => rule.points !== undefined || rule.percent !== undefined, 'names neither points nor per cent');

const instrumentSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  version: z.string(),
  title: z.string(),
  recall: z.string(),
  /** Language of the questions' text: the only one in which a sourced text exists. */
  language: z.string(),
  licence: z.strictObject({ text: z.string(), notice: z.string().optional(), embedText: z.literal('yes'), ...sourced }),
  codes: z.strictObject({ panel: loincSchema.optional(), total: loincSchema, ...sourced }),
  introduction: z.strictObject({ text: z.string(), ...sourced }).optional(),
  items: z.array(itemSchema).min(1),
  scoring: z.strictObject({ method: z.enum(['mean', 'sum']), decimals: z.int().min(0).max(2), min: z.int(), max: z.int(), ...sourced }),
  bands: z.strictObject({ levels: z.array(z.strictObject({ from: z.int(), label: z.string() })), ...sourced }),
  change: z.strictObject({ improved: changeSchema, worse: changeSchema }),
  alerts: z.array(z.strictObject({ id: z.string(), linkId: z.string(), atLeast: z.int(), label: z.string(), ...sourced })),
});

/** A questionnaire as data: its text, codes, scoring and what counts as a change, each with its source. Higher scores are worse in all of them. */
export type Instrument = z.infer<typeof instrumentSchema>;
export type InstrumentItem = Instrument['items'][number];
export type ChangeRule = Instrument['change']['improved'];
export type AlertRule = Instrument['alerts'][number];

/** The instruments that Cairn carries: those whose licence lets their text be embedded. Refuses to load data of another shape. */
export const INSTRUMENTS: readonly Instrument[] = [peg, phq9, nrsPain].map((data) => instrumentSchema.parse(data));

export const INSTRUMENT_IDS = INSTRUMENTS.map((instrument) => instrument.id);

/** The instrument with this id. Refuses an unknown one and names those there are. */
export function instrumentOf(id: string): Instrument {
  const instrument = INSTRUMENTS.find((candidate) => candidate.id === id);
  if (!instrument) {
    const message = `There is no instrument of this name. Choose one of: ${INSTRUMENT_IDS.join(', ')}.`;
    throw invalid(message, { code: 'unknown-instrument', issues: [{ path: 'instrument', message }] });
  }
  return instrument;
}

/** Whether an answer to this instrument can raise a safety alert. */
export const canRaiseAlert = (instrument: Instrument): boolean => instrument.alerts.length > 0;
