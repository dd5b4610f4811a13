import { Expansion, type FindStored } from '../terminology/expansion.js';
import { union, type CodesBySystem } from '../terminology/codes-by-system.js';
import { isValue, type Criterion, type Through, type ValueCriterion } from './criterion.js';
import { splitEscaped, unescapeText } from './parameter-text.js';
import { refuse } from './refuse.js';

/** How many codes one condition may come down to. */
const MAX_CODES = 10_000;

const CODED: ReadonlySet<string> = new Set(['in', 'not-in', 'above', 'below']);

/** Whether a condition can be judged only by value sets or code systems, itself or by what it leads through. */
export function needsTerminology(criterion: Criterion): boolean {
  if ('itself' in criterion) return false;
  if (isValue(criterion)) return typeof criterion.parameter !== 'string' && criterion.parameter.kind === 'token' && CODED.has(criterion.modifier);
  return 'from' in criterion ? needsTerminology(criterion.from.criterion) : criterion.through.some((each) => needsTerminology(each.criterion));
}

/** The condition with the codes that it comes down to. Refuses what neither stored definitions nor R4's own tell. */
export async function withCodes(criterion: Criterion, findStored: FindStored): Promise<Criterion> {
  if (!needsTerminology(criterion) || 'itself' in criterion) return criterion;
  const inner = async (through: Through): Promise<Through> => ({ ...through, criterion: await withCodes(through.criterion, findStored) });
  if (isValue(criterion)) return { ...criterion, codes: await codesOf(criterion, findStored) };
  if ('from' in criterion) return { ...criterion, from: await inner(criterion.from) };
  const through: Through[] = [];
  for (const each of criterion.through) through.push(await inner(each));
  return { ...criterion, through };
}

async function codesOf({ name, modifier, values, parameter }: ValueCriterion, findStored: FindStored): Promise<CodesBySystem> {
  const expansion = new Expansion(findStored, (message) => refuse(name, message));
  let all: CodesBySystem = new Map();
  for (const value of values) {
    if (modifier === 'in' || modifier === 'not-in') {
      all = union(all, await expansion.codesOf(unescapeText(value)));
      continue;
    }
    const [system = '', code = ''] = splitEscaped(value, '|').map(unescapeText);
    if (system === '' || code === '') throw refuse(name, 'Must be system|code: without the system nobody knows what stands above or below.');
    all = union(all, await (modifier === 'above' ? expansion.above(system, code) : expansion.below(system, code)));
  }
  const parts = [...all.values()];
  if (parts.reduce((sum, { codes }) => sum + codes.size, 0) > MAX_CODES) throw refuse(name, `Comes down to more than ${MAX_CODES} codes.`);
  const plain = typeof parameter !== 'string' && parameter.kind === 'token' && parameter.sources.every(({ plainCodes }) => plainCodes);
  if (plain && parts.some(({ allBut }) => allBut)) throw refuse(name, 'The value set holds a whole code system that is not known here. Store it as a CodeSystem.');
  return all;
}
