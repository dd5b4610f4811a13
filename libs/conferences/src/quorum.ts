/** Groups of disciplines; a quorum has somebody of each group. */
export type QuorumRule = readonly (readonly string[])[];

export interface Quorum {
  readonly met: boolean;
  /** The groups of which nobody was there. */
  readonly missing: QuorumRule;
}

/** Whether the disciplines of those present make a quorum. One person stands for one discipline. */
export function quorumOf(rule: QuorumRule, present: readonly string[]): Quorum {
  const missing = rule.filter((group) => !group.some((discipline) => present.includes(discipline)));
  return { met: missing.length === 0, missing };
}

/** The missing groups in words: "psychology, physiotherapy or occupational-therapy". */
export const missingInWords = ({ missing }: Quorum): string => missing.map((group) => group.join(' or ')).join(', ');
