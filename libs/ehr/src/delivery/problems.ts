import table from './problems.json' with { type: 'json' };

/** Why a delivery has not arrived, as a stable word. */
export type Problem = keyof typeof table;

/** The problem in a plain sentence, and how to mend it. Neither ever says anything about a patient. */
export const explain = (problem: string): { says: string; mend: string } =>
  (table as Record<string, { says: string; mend: string }>)[problem] ?? { says: problem, mend: 'Report it with the correlation id.' };
