import type { Resource } from '@medplum/fhirtypes';
import { z } from 'zod';
import data from './red-flag-words.json' with { type: 'json' };
import { RED_FLAGS } from './red-flag-rules.js';
import type { Ground } from './red-flags.js';

const schema = z.strictObject({
  version: z.string(),
  verified: z.boolean(),
  source: z.string(),
  note: z.string(),
  negations: z.array(z.string()),
  contrasts: z.array(z.string()),
  flags: z.partialRecord(z.enum(RED_FLAGS.map(({ id }) => id)), z.array(z.string())),
});
const words = schema.parse(data);

export const RED_FLAG_WORDS_VERSION = words.version;

/** What free text makes one think of. It neither finds nor denies a flag: a person must read. */
export interface Hint {
  readonly flag: string;
  readonly grounds: readonly Ground[];
}

/** No more of one text is read: longer ones are reports, and the words stand at their beginning or nowhere. */
const LONGEST = 20_000;

const plain = (text: string): string =>
  ` ${text.slice(0, LONGEST).normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll(/[’`]/g, "'").replaceAll(/[^\p{L}\p{N}'.;!?\n-]+/gu, ' ')} `;

/** Clauses that a negation reaches through: a sentence, cut where it turns. */
const clausesOf = (text: string): string[] =>
  plain(text)
    .split(/[.;!?\n]/)
    .flatMap((sentence) => words.contrasts.reduce<string[]>((parts, turn) => parts.flatMap((part) => part.split(` ${turn} `)), [sentence]))
    .map((clause) => ` ${clause.trim()} `);

function spoken(clause: string, phrase: string): boolean {
  const at = clause.indexOf(` ${phrase}`);
  if (at < 0) return false;
  const before = `${clause.slice(0, at)} `;
  return !words.negations.some((negation) => before.includes(` ${negation} `));
}

/** The flags that texts make one think of, each with where the words stand. What is denied in the same clause does not count. */
export function hintsIn(texts: readonly { readonly reference: string; readonly text: string }[]): Hint[] {
  const clauses = texts.flatMap(({ reference, text }) => clausesOf(text).map((clause) => ({ reference, clause })));
  return Object.entries(words.flags).flatMap(([flag, phrases]) => {
    const grounds = new Map<string, Ground>();
    for (const phrase of phrases ?? []) {
      for (const { reference, clause } of clauses) {
        if (spoken(clause, phrase)) grounds.set(`${reference} ${phrase}`, { reference, says: `the words "${phrase}"`, source: words.source, verified: words.verified });
      }
    }
    return grounds.size > 0 ? [{ flag, grounds: [...grounds.values()].slice(0, 10) }] : [];
  });
}

/** The free text in what a referral rests on: reasons, notes, written answers and messages. */
export function textsIn(resources: readonly Resource[]): { reference: string; text: string }[] {
  return resources.flatMap((resource) => {
    const reference = `${resource.resourceType}/${resource.id ?? ''}`;
    return textsOf(resource).flatMap((text) => (text ? [{ reference, text }] : []));
  });
}

function textsOf(resource: Resource): readonly (string | undefined)[] {
  switch (resource.resourceType) {
    case 'ServiceRequest':
      return [resource.code?.text, ...(resource.reasonCode ?? []).map(({ text }) => text), resource.patientInstruction, ...(resource.note ?? []).map(({ text }) => text)];
    case 'Condition':
      return [resource.code?.text, ...(resource.note ?? []).map(({ text }) => text)];
    case 'Observation':
      return [resource.valueString, ...(resource.note ?? []).map(({ text }) => text)];
    case 'QuestionnaireResponse':
      return (resource.item ?? []).flatMap((item) => [item, ...(item.item ?? [])]).flatMap(({ answer }) => (answer ?? []).map(({ valueString }) => valueString));
    case 'Communication':
      return (resource.payload ?? []).map(({ contentString }) => contentString);
    default:
      return [];
  }
}
