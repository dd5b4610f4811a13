import { baseOf } from '../bundle/full-url.js';
import type { WritingEntry } from '../bundle/transaction.js';
import { replaceLinks } from '../lossless/links.js';
import { readObject } from '../lossless/read-body.js';
import { searchText } from '../search-index/search-text.js';

/** A reference in a message that leads to no entry, and the one patient whom it names in words. */
export interface PatientByName {
  /** As each entry writes it. */
  readonly references: ReadonlySet<string>;
  /** The id in it, which may be that of a patient on this server. */
  readonly id: string;
  /** The `fullUrl` of the Patient. */
  readonly fullUrl: string;
}

type Fields = Readonly<Record<string, unknown>>;

const PATIENT = /(?:^|\/)(Patient\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/.+)?$/;

/**
 * The one patient of a message whose own entries call that person by an address that none of them has, as the published example of HL7 BSeR
 * does. That address counts as the Patient's only when nothing in the message speaks against it:
 *
 * - its entries have addresses of one server, and one of them is a Patient; another within a document is a copy of that one,
 * - nothing in the message refers to that Patient by its own address (else there are two people in it),
 * - all other references to a Patient are one and the same address,
 * - at least one of them says whom it means, and each that does says the family name and a given name of that Patient, and no other word.
 *
 * Undefined where any of this is not so: then the references stand as they are, and lead to a patient who is known here, or nowhere.
 */
export function patientByName(entries: readonly WritingEntry[]): PatientByName | undefined {
  const [patient, second] = entries.filter(({ request: { type } }) => type === 'Patient');
  const fullUrl = patient?.entry.fullUrl;
  const value = patient?.request.content?.value;
  if (second || fullUrl === undefined || value === undefined) return undefined;

  const base = baseOf(fullUrl);
  const contents = entries.map(({ entry, request }) => ({ elsewhere: baseOf(entry.fullUrl) !== base, parts: [...objectsIn(request.content?.value)] }));
  const parts = contents.flatMap((content) => content.parts);
  const meant = contents.flatMap(({ elsewhere, parts: some }) => some.flatMap((part) => patientMeant(part, elsewhere ? undefined : base)));
  const [first] = meant;
  const displays = meant.flatMap(({ display }) => (display === undefined ? [] : [display]));
  const isOne =
    parts.every(({ resourceType, id }) => resourceType !== 'Patient' || id === value['id']) &&
    parts.every(({ fullUrl: copied }) => typeof copied !== 'string' || baseOf(copied) === base) &&
    meant.every(({ address }) => address !== fullUrl && address === first?.address);
  if (!isOne || base === undefined || first?.address === undefined) return undefined;
  if (displays.length === 0 || !displays.every((display) => isNameOf(display, value))) return undefined;
  return { references: new Set(meant.map(({ reference }) => reference)), id: first.address.slice(`${base}/Patient/`.length), fullUrl };
}

/** A patient whom a reference means: by an address on the sender's server, else by none that can be told. */
function patientMeant({ reference, display }: Fields, base: string | undefined): { reference: string; address: string | undefined; display: unknown }[] {
  if (typeof reference !== 'string') return [];
  const [, name] = PATIENT.exec(reference) ?? [];
  if (name === undefined) return [];
  const isTheirs = base !== undefined && (reference === name || reference === `${base}/${name}`);
  return [{ reference, address: isTheirs ? `${base}/${name}` : undefined, display }];
}

/** The entries, each with the address of the Patient in the place of those references. */
export const withPatient = (entries: readonly WritingEntry[], { references, fullUrl }: PatientByName): WritingEntry[] =>
  entries.map(({ entry, request }) => {
    if (!request.content) return { entry, request };
    const json = replaceLinks(request.content.json, ({ key, value }) => (key === 'reference' && references.has(value) ? fullUrl : undefined));
    return { entry, request: json === request.content.json ? request : { ...request, content: readObject(json) } };
  });

/** Whether the text is a name that the Patient has: the family name, a given name, and nothing that isn't in it. */
function isNameOf(text: unknown, { name }: Fields): boolean {
  if (typeof text !== 'string' || !Array.isArray(name)) return false;
  const said = wordsOf(text);
  return name.some((each: unknown) => {
    if (!isFields(each)) return false;
    const family = wordsOf(each['family']);
    const given = wordsOf(each['given']);
    const all = new Set([...family, ...given, ...wordsOf(each['prefix']), ...wordsOf(each['suffix'])]);
    return family.length > 0 && family.every((word) => said.includes(word)) && given.some((word) => said.includes(word)) && said.every((word) => all.has(word));
  });
}

/** The words of a text, or of several, compared without case, accents and punctuation. */
function wordsOf(text: unknown): string[] {
  if (Array.isArray(text)) return text.flatMap(wordsOf);
  return typeof text === 'string' ? searchText(text).split(/[^\p{L}\p{N}'-]+/u).filter(Boolean) : [];
}

/** Every JSON object in a value, itself included. */
function* objectsIn(value: unknown): Generator<Fields> {
  if (Array.isArray(value)) {
    for (const each of value) yield* objectsIn(each);
  } else if (isFields(value)) {
    yield value;
    for (const key in value) yield* objectsIn(value[key]);
  }
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
