import type { ValidationLevel } from '@cairn/platform';
import type { JsonObject } from '../lossless/read-body.js';
import { asNote, isStructural, type Fault, type Note } from './fault.js';
import { faultsOf, refusal } from './validate.js';

/** How the content of a write is to be judged. */
export interface Judging {
  readonly level: ValidationLevel;
  /** Whether Cairn acts on what the resource says, so that its structure must be sound whatever the level. */
  readonly actedOn: boolean;
}

/** Content that may be stored, and what is to be told about it. */
export interface Judged {
  readonly content: JsonObject;
  readonly notes: readonly Note[];
}

/** Takes the unsafe parts out of narratives. */
export type Sanitise = (content: JsonObject, faults: readonly Fault[]) => JsonObject;

/** More notes than this help nobody. */
const MOST = 50;

/** What may be stored, by the level of the client that sends it. */
export class ContentRules {
  /** @param sanitise where unsafe narratives are to be cleaned; without it they are refused */
  constructor(private readonly sanitise?: Sanitise) {}

  /**
   * The content as it may be stored. At `strict` any fault refuses it; at `warn` and `off` only those that make it unsafe to keep, and `warn`
   * tells the others. Refuses with every fault that counts: 400 where the structure is wrong, 422 where a rule is broken.
   */
  judge(sent: JsonObject, { level, actedOn }: Judging): Judged {
    const first = faultsOf(sent.value, level);
    const clean = this.sanitise && first.some(isUnsafe) ? this.sanitise(sent, first) : sent;
    const faults = clean === sent ? first : faultsOf(clean.value, level);
    const counting = level === 'strict' ? faults : faults.filter((fault) => isUnsafe(fault) || isNeeded(fault) || (actedOn && isStructural(fault)));
    if (counting.length > 0) throw refusal(sent.value, counting.slice(0, MOST));
    const told = level === 'warn' ? faults.slice(0, MOST).map((fault) => asNote('warning', fault)) : [];
    return { content: clean, notes: clean === sent ? told : [...first.filter(isUnsafe).map(removed), ...told] };
  }
}

/** Nobody must be shown this. */
const isUnsafe = ({ type }: Fault): boolean => type === 'security';

/** The server itself reads these: to find the resource again, to keep its labels, and to know whose it is. */
const isNeeded = (fault: Fault): boolean => isStructural(fault) && /^\w+\.(?:id|meta)\b|\.reference$/.test(fault.path);

const removed = ({ path }: Fault): Note => ({ severity: 'warning', code: 'security', path, message: 'The narrative held what none may hold (rule txt-1). It was taken out before the resource was stored.' });
