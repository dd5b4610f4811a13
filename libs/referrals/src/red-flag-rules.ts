import { z } from 'zod';
import data from './red-flags.json' with { type: 'json' };

const evidenceSchema = z.strictObject({
  /** `MedicationRequest` stands for statements of medicines as well. */
  resource: z.enum(['Condition', 'Observation', 'MedicationRequest', 'QuestionnaireResponse', 'Patient']),
  display: z.string(),
  verified: z.boolean(),
  source: z.string(),
  systems: z.array(z.url()).optional(),
  code: z.string().optional(),
  /** Codes that begin so, as in a classification. */
  prefix: z.string().optional(),
  /** How the canonical address of the questionnaire begins. */
  questionnaire: z.string().optional(),
  linkIds: z.array(z.string()).optional(),
  /** Days before the referral came in; older evidence does not count. */
  within: z.int().positive().optional(),
  /** Counts although the condition is over. */
  evenIfResolved: z.boolean().optional(),
  atLeast: z.number().optional(),
  unit: z.string().optional(),
  /** Coded answers that mean yes. */
  answers: z.array(z.string()).optional(),
  olderThan: z.int().optional(),
  youngerThan: z.int().optional(),
});
export type EvidenceRule = z.infer<typeof evidenceSchema>;

const flagSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,40}$/),
  level: z.enum(['hard-stop', 'concern']),
  label: z.string(),
  action: z.string(),
  verified: z.boolean(),
  source: z.array(z.string()),
  syndrome: z.string().optional(),
  evidence: z.array(evidenceSchema),
});

export type FlagLevel = 'hard-stop' | 'concern';
/** A red flag as a rule: its level, what to do, and how it is found in data. */
export type RedFlag = z.infer<typeof flagSchema>;

const ruleSet = z.strictObject({ version: z.string(), disclaimer: z.string(), note: z.string(), sources: z.record(z.string(), z.string()), flags: z.array(flagSchema) }).parse(data);

/** Code system in which every flag has its own id: an Observation or Condition so coded tells the flag itself. */
const FLAG_CODES = 'urn:cairn:red-flag';
/** linkId of the question about a flag on an intake form. */
const flagLinkId = (flagId: string): string => `red-flag.${flagId}`;

/** What tells any flag, whatever codes are known for it. */
const ownRules = ({ id, label }: RedFlag): EvidenceRule[] => {
  const own = { display: label, verified: true, source: "Cairn's own code for the flag" };
  return [
    { resource: 'Observation', systems: [FLAG_CODES], code: id, ...own },
    { resource: 'Condition', systems: [FLAG_CODES], code: id, ...own },
    { resource: 'QuestionnaireResponse', linkIds: [flagLinkId(id)], ...own },
  ];
};

export const RED_FLAGS_VERSION = ruleSet.version;
export const RED_FLAGS: readonly RedFlag[] = ruleSet.flags.map((flag) => ({ ...flag, evidence: [...flag.evidence, ...ownRules(flag)] }));

/** The rule of a flag, or undefined when no flag has this id. */
export const redFlag = (id: string): RedFlag | undefined => RED_FLAGS.find((flag) => flag.id === id);

/** The codes to look for in Observations, as a search by `code` takes them. */
export const observationCodes: readonly string[] = [
  ...new Set(RED_FLAGS.flatMap((flag) => flag.evidence.filter((rule) => rule.resource === 'Observation').flatMap((rule) => (rule.systems ?? []).map((system) => `${system}|${rule.code ?? ''}`)))),
];
