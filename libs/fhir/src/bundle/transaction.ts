import { invalid, newId } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import type { ConditionalCreates } from '../interactions/conditional-create.js';
import type { ConditionalDeletes } from '../interactions/conditional-delete.js';
import { settled } from '../interactions/conditional-update.js';
import { PERMISSION, type FhirWrites } from '../interactions/fhir-writes.js';
import { deletedTogether, placed, within, type NamedWrite, type WriteRequest, type Written } from '../interactions/write-request.js';
import { settleEntryIds } from '../lossless/entry-ids.js';
import { replaceLinks, type Link } from '../lossless/links.js';
import { readObject, type JsonObject } from '../lossless/read-body.js';
import type { References } from '../search-index/references.js';
import { nameOf } from '../store/stored-version.js';
import { conditionalReferencesOf, demandResolved, type ConditionalReferences, type Referring } from './conditional-references.js';
import { baseOf } from './full-url.js';
import type { BundleEntry } from './read-bundle.js';

/** An entry that writes, with what it asks for. */
export interface WritingEntry {
  readonly entry: BundleEntry;
  readonly request: WriteRequest;
}

/** An entry that stores something, with the id that it will have. */
type NamedEntry = WritingEntry & { readonly id: string };

/** R4 http.html#trules: whatever the order of the entries, deletions come first, then creations, then updates. */
const ORDER = { DELETE: 0, POST: 1, PUT: 2, PATCH: 3 } as const;

/** Makes the writes of a transaction: all of them or none. */
export class TransactionWrites {
  constructor(
    private readonly writes: FhirWrites,
    private readonly creates: ConditionalCreates,
    private readonly deletes: ConditionalDeletes,
    private readonly conditional: ConditionalReferences,
    private readonly references: References,
  ) {}

  /**
   * Makes the writes and returns what came of each, by R4's rules for transactions (http.html#trules): deletions first; then the criteria of
   * creates, updates and patches are judged, and these are made. Links between the entries, by `urn:uuid:` or by another `fullUrl`, are
   * replaced by the ids that this server gave; references with criteria by the one resource that meets them when all is done, be it one
   * that was there or one that another entry makes.
   *
   * Refuses whatever a single write would be refused for, two entries with the same fullUrl or about the same resource, and criteria that
   * none or several meet (412).
   */
  async perform(tx: Tx, policy: AccessPolicy, entries: readonly WritingEntry[]): Promise<Map<BundleEntry, Written>> {
    for (const { entry, request } of entries) {
      if (request.method === 'POST' || request.criteria !== undefined) within(entry.path, () => policy.demand(PERMISSION[request.method], request.type));
    }
    const session = this.writes.begin(tx, policy);
    const results = new Map<BundleEntry, () => Written>();

    const deletions: NamedWrite[] = [];
    for (const { entry, request } of entries.filter(({ request: { method } }) => method === 'DELETE')) {
      const named = request.id === undefined ? await this.deletes.named(tx, request) : [{ ...request, id: request.id }];
      deletions.push(...named);
      results.set(entry, () => deletedTogether(named.map((write) => session.resultOf(write))));
    }
    if (deletions.length > 0) await session.make(deletions);

    const others = entries.filter(({ request: { method } }) => method !== 'DELETE');
    const existing = await this.creates.existing(tx, others.map(({ request }) => request));
    await this.writes.demandFindable(tx, policy, [...existing].flatMap(([{ method }, version]) => (method === 'POST' ? [version] : [])));
    const named = others.map(({ entry, request: asked }): NamedEntry => {
      const found = existing.get(asked);
      if (found && asked.method === 'POST') results.set(entry, () => ({ status: 200, version: found }));
      const request = settled(asked, found);
      return { entry, request, id: found?.id ?? request.id ?? newId() };
    });
    const addresses = addressesOf(named);
    const open = named.filter(({ entry }) => !results.has(entry)).sort((a, b) => ORDER[a.request.method] - ORDER[b.request.method]);
    const contents = open.flatMap(({ request: { path, content } }) => (content ? [{ path, content }] : []));

    const resolved = await this.conditional.resolve(tx, policy, contents);
    const make = (some: readonly NamedEntry[]): NamedWrite[] =>
      some.map((each) => {
        const write = this.#linked(each, addresses, resolved);
        results.set(each.entry, () => session.resultOf(write));
        return write;
      });
    // Entries whose references nothing meets yet wait for those that may bring what they refer to.
    const waits = ({ request: { content } }: NamedEntry): boolean => content !== undefined && conditionalReferencesOf(content).some(({ text }) => !resolved.has(text));
    const waiting = open.filter(waits);
    if (waiting.length > 0) {
      await session.make(make(open.filter((each) => !waiting.includes(each))));
      const late = waiting.flatMap(({ request: { path, content } }) => (content ? [{ path, content }] : []));
      for (const [text, name] of await this.conditional.resolve(tx, policy, late)) resolved.set(text, name);
      for (const each of late) demandResolved(each, resolved);
    }
    await session.finish(make(waiting.length > 0 ? waiting : open));
    await this.#demandStillOne(tx, policy, contents, resolved, open);
    return new Map([...results].map(([entry, result]) => [entry, result()]));
  }

  /** Refuses with 412 where the transaction itself made a second resource that meets the criteria of one of its references, or changed the first. */
  async #demandStillOne(tx: Tx, policy: AccessPolicy, contents: readonly Referring[], resolved: ReadonlyMap<string, string>, written: readonly NamedEntry[]): Promise<void> {
    const types = new Set(written.map(({ request: { type } }) => type));
    const affected = contents.filter(({ content }) => conditionalReferencesOf(content).some(({ type }) => types.has(type)));
    if (affected.length === 0) return;
    const after = await this.conditional.resolve(tx, policy, affected);
    for (const each of affected) demandResolved(each, new Map([...after].filter(([text, name]) => resolved.get(text) === name)));
  }

  #linked({ entry, request, id }: NamedEntry, addresses: ReadonlyMap<string, string>, resolved: ReadonlyMap<string, string>): NamedWrite {
    if (!request.content) return { ...request, id };
    return { ...request, id, content: this.#relinked(request.content, entry, addresses, resolved) };
  }

  #relinked(content: JsonObject, { fullUrl, path }: BundleEntry, addresses: ReadonlyMap<string, string>, resolved: ReadonlyMap<string, string>): JsonObject {
    const base = baseOf(fullUrl);
    // A Bundle within, such as a document, may bring along a copy of another entry: its references and that copy's fullUrl must stay the same address.
    const inBundle = content.value['resourceType'] === 'Bundle';
    const ids = new Map(inBundle ? [...addresses.values()].map((name) => [this.references.absolute(name), name.slice(name.indexOf('/') + 1)]) : []);
    const named = ({ key, value }: Link): string | undefined => {
      if (key === 'fullUrl') return inBundle ? addresses.get(value) : undefined;
      if (key !== 'reference') return value.startsWith('urn:') ? addresses.get(value) : undefined;
      const local = base && this.references.local(value) ? addresses.get(`${base}/${value}`) : undefined;
      return addresses.get(value) ?? local ?? resolved.get(value);
    };
    const replacement = (link: Link): string | undefined => {
      const name = named(link);
      return name !== undefined && inBundle ? this.references.absolute(name) : name;
    };
    try {
      const linked = replaceLinks(content.json, replacement);
      if (linked === content.json) return content;
      return readObject(inBundle ? settleEntryIds(linked, (address) => ids.get(address)) : linked);
    } catch (error) {
      throw placed(path, error);
    }
  }
}

/** What each entry's `fullUrl` stands for on this server. */
function addressesOf(entries: readonly NamedEntry[]): Map<string, string> {
  const addresses = new Map<string, string>();
  for (const { entry, request, id } of entries) {
    if (entry.fullUrl === undefined) continue;
    if (addresses.has(entry.fullUrl)) {
      throw invalid('Two entries of the transaction have the same fullUrl.', {
        code: 'conflicting-entries',
        issues: [{ path: `${entry.path}.fullUrl`, message: 'Must be different in each entry.' }],
      });
    }
    addresses.set(entry.fullUrl, nameOf({ type: request.type, id }));
  }
  return addresses;
}
