import { invalid, type CairnError } from '@cairn/kernel';
import type { Bundle, MessageHeader } from '@medplum/fhirtypes';
import type { WritingEntry } from '../bundle/transaction.js';
import { baseOf } from '../bundle/full-url.js';
import { entriesIn, resourceTexts } from '../bundle/read-bundle.js';
import { demandInteraction } from '../interactions/type-rules.js';
import { within } from '../interactions/write-request.js';
import { readObject, type JsonObject } from '../lossless/read-body.js';
import { escapeText } from '../search/parameter-text.js';
import { typeOf, validate } from '../validation/validate.js';
import { eventNamed, handledEvents, type MessageEvent } from './message-events.js';
import rules from './message-rules.json' with { type: 'json' };

/** A message as it is understood. */
export interface Message {
  readonly header: MessageHeader & { readonly id: string };
  /** The business identifier of its Bundle, where it has one. */
  readonly identifier?: string;
  /** All it brings along but its header, each to be created; parties only where the sender has none of that identifier yet. */
  readonly entries: readonly WritingEntry[];
  /** What it is about. */
  readonly focus: readonly WritingEntry[];
}

const PARTIES: ReadonlySet<string> = new Set(rules.parties.value);

/**
 * Reads a Bundle of the type `message`. Refuses another body, one whose first resource is no MessageHeader with an id, faults by R4's
 * definitions, an event that is not handled, a response, a focus that is missing or not in the Bundle, and more than `maxEntries` entries (413).
 */
export function readMessage(body: JsonObject, maxEntries: number): Message {
  const { value } = body;
  if (value['resourceType'] !== 'Bundle') throw bad('resourceType', 'Must be Bundle: a message is posted as it is, not within Parameters.');
  if (value['type'] !== 'message') throw bad('Bundle.type', 'Must be message.');
  const [first] = entriesIn(body, maxEntries);
  if (!isHeaderEntry(first)) throw bad('Bundle.entry[0].resource', 'Must be a MessageHeader: it comes first.');

  const bundle = validate(envelopeOf(value)) as Bundle;
  const [headerEntry, ...others] = bundle.entry ?? [];
  const header = headerEntry?.resource as MessageHeader;
  const { id } = header;
  if (id === undefined) throw bad('Bundle.entry[0].resource.id', 'Is required and missing: the response quotes it, and by it a message that is sent again is known.');
  const event = eventOf(header);
  const texts = resourceTexts(body.json);
  const entries = others.map((entry, index) => entryOf(entry.fullUrl, `Bundle.entry[${index + 1}]`, texts[index + 1]));
  const { system = '', value: number } = bundle.identifier ?? {};
  return {
    header: { ...header, id },
    ...(number === undefined ? {} : { identifier: `${system}|${number}` }),
    entries,
    focus: focusOf(header, headerEntry?.fullUrl, entries, event.focus),
  };
}

const isHeaderEntry = (entry: unknown): boolean => isFields(entry) && isFields(entry['resource']) && entry['resource']['resourceType'] === 'MessageHeader';

const isFields = (value: unknown): value is JsonObject['value'] => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is known of the message's event. Refuses with 422 one that nothing handles, and an answer to a message. */
function eventOf({ eventCoding, response }: MessageHeader): MessageEvent {
  if (response) throw unprocessable('response', 'Must not be there: this server sends no messages, so it takes no responses.');
  const event = eventNamed(eventCoding);
  if (event) return event;
  throw unprocessable(eventCoding ? 'eventCoding' : 'eventUri', `Must be an eventCoding that is handled here: ${handledEvents()}.`);
}

/**
 * The Bundle as it is judged for itself: with something sound in the place of what it brings along, which is judged when it is stored, by the
 * level of its sender like any other write, and with its links replaced.
 */
function envelopeOf(value: JsonObject['value']): JsonObject['value'] {
  const entries: readonly unknown[] = Array.isArray(value['entry']) ? value['entry'] : [];
  const standIn = (entry: unknown, index: number): unknown => (index > 0 && isFields(entry) && isFields(entry['resource']) ? { ...entry, resource: { resourceType: 'Parameters' } } : entry);
  return { ...value, entry: entries.map(standIn) };
}

function entryOf(fullUrl: string | undefined, path: string, json: string | undefined): WritingEntry {
  if (json === undefined) throw bad(`${path}.resource`, 'Is required and missing: each entry of a message is a resource.');
  const content = readObject(json);
  const type = within(`${path}.resource`, () => {
    const named = typeOf(content.value);
    demandInteraction(named, 'create');
    return named;
  });
  const criteria = PARTIES.has(type) ? identityIn(content.value) : undefined;
  return {
    entry: { path, method: 'POST', url: type, ...(fullUrl === undefined ? {} : { fullUrl }), resource: content },
    request: { method: 'POST', type, content, path: `${path}.resource`, ...(criteria === undefined ? {} : { criteria }) },
  };
}

/** Search parameters for the first identifier that has a system; undefined where there is none. */
function identityIn({ identifier }: JsonObject['value']): string | undefined {
  const list: readonly unknown[] = Array.isArray(identifier) ? identifier : [];
  for (const each of list) {
    if (typeof each !== 'object' || each === null || !('system' in each) || !('value' in each)) continue;
    const { system, value } = each;
    if (typeof system === 'string' && typeof value === 'string') return new URLSearchParams({ identifier: `${escapeText(system)}|${escapeText(value)}` }).toString();
  }
  return undefined;
}

/** The entries that the header's focus names, by `fullUrl` or relative to the header's own. */
function focusOf({ focus = [] }: MessageHeader, headerUrl: string | undefined, entries: readonly WritingEntry[], types: readonly string[]): WritingEntry[] {
  if (focus.length === 0) throw unprocessable('focus', `Is required and missing: name the ${types.join(' or ')} in the Bundle that the message is about.`);
  const base = baseOf(headerUrl);
  return focus.map(({ reference }, index) => {
    const addresses = [reference, ...(base === undefined ? [] : [`${base}/${reference ?? ''}`])];
    const found = entries.find(({ entry: { fullUrl } }) => fullUrl !== undefined && addresses.includes(fullUrl));
    if (!found) throw unprocessable(`focus[${index}].reference`, 'Must be the fullUrl of an entry of this Bundle.');
    if (!types.includes(found.request.type)) throw unprocessable(`focus[${index}].reference`, `Must lead to a ${types.join(' or ')}.`);
    return found;
  });
}

const bad = (path: string, message: string): CairnError => invalid('This is not a message that can be processed.', { code: 'bad-message', issues: [{ path, message }] });

const unprocessable = (element: string, message: string): CairnError =>
  invalid('The message is none that is handled here.', { code: 'message-not-handled', status: 422, issues: [{ path: `Bundle.entry[0].resource.${element}`, message }] });
