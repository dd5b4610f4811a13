import { invalid, newId } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import { replaceLinks, type Link } from '../lossless/links.js';
import { readObject, type JsonObject } from '../lossless/read-body.js';
import { settled } from '../interactions/conditional-update.js';
import type { ConditionalCreates } from '../interactions/conditional-create.js';
import type { FhirWrites } from '../interactions/fhir-writes.js';
import { placed, within, type NamedWrite, type WriteRequest, type Written } from '../interactions/write-request.js';
import type { References } from '../search-index/references.js';
import { nameOf, type CurrentVersion } from '../store/stored-version.js';
import type { ConditionalReferences } from './conditional-references.js';
import type { BundleEntry } from './read-bundle.js';

/** An entry that writes, with what it asks for. */
export interface WritingEntry {
  readonly entry: BundleEntry;
  readonly request: WriteRequest;
}

/** R4 http.html#trules: whatever the order of the entries, deletions come first, then creations, then updates. */
const ORDER = { DELETE: 0, POST: 1, PUT: 2 } as const;

/** Makes the writes of a transaction: all of them or none. */
export class TransactionWrites {
  constructor(
    private readonly writes: FhirWrites,
    private readonly creates: ConditionalCreates,
    private readonly conditional: ConditionalReferences,
    private readonly references: References,
  ) {}

  /**
   * Makes the writes and returns what came of each. Links between the entries, by `urn:uuid:` or by another `fullUrl`, are replaced by the
   * ids that this server gave; references with criteria by the one resource that meets them, as it was before the transaction.
   *
   * Refuses whatever a single write would be refused for, two entries with the same fullUrl, and criteria that none or several meet (412).
   */
  async perform(tx: Tx, policy: AccessPolicy, entries: readonly WritingEntry[]): Promise<Map<BundleEntry, Written>> {
    for (const { entry, request } of entries) if (request.method === 'POST') within(entry.path, () => policy.demand('c', request.type));
    for (const { entry, request } of entries) if (request.criteria !== undefined && request.method === 'PUT') within(entry.path, () => policy.demand('u', request.type));
    const existing = await this.creates.existing(tx, entries.map(({ request }) => request));
    const named = entries.map(({ entry, request: asked }) => {
      const request = settled(asked, existing.get(asked));
      return { entry, request, id: existing.get(asked)?.id ?? request.id ?? newId() };
    });
    const addresses = addressesOf(named);
    const resolved = await this.conditional.resolve(tx, policy, named.flatMap(({ entry: { path, resource } }) => (resource ? [{ path, resource }] : [])));

    const open = named.filter(({ request }) => !existing.has(request));
    open.sort((a, b) => ORDER[a.request.method] - ORDER[b.request.method]);
    const writes = open.map(({ entry, request, id }) => {
      const content = request.content && this.#relinked(request.content, entry, addresses, resolved);
      return { ...request, id, ...(content ? { content } : {}) } satisfies NamedWrite;
    });
    const written = await this.writes.perform(tx, policy, writes);
    const results = new Map<BundleEntry, Written>();
    open.forEach(({ entry }, index) => {
      const result = written[index];
      if (result) results.set(entry, result);
    });
    for (const { entry, request } of entries.filter(({ request: { method } }) => method === 'POST')) {
      const version: CurrentVersion | undefined = existing.get(request);
      if (version) results.set(entry, { status: 200, version });
    }
    return results;
  }

  #relinked(content: JsonObject, { fullUrl, path }: BundleEntry, addresses: ReadonlyMap<string, string>, resolved: ReadonlyMap<string, string>): JsonObject {
    const base = fullUrl && /^(https?:\/\/.+)\/[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/.exec(fullUrl)?.[1];
    const replacement = ({ key, value }: Link): string | undefined => {
      if (key !== 'reference') return value.startsWith('urn:') ? addresses.get(value) : undefined;
      const local = base && this.references.local(value) ? addresses.get(`${base}/${value}`) : undefined;
      return addresses.get(value) ?? local ?? resolved.get(value);
    };
    try {
      const json = replaceLinks(content.json, replacement);
      return json === content.json ? content : readObject(json);
    } catch (error) {
      throw placed(path, error);
    }
  }
}

/** What each entry's `fullUrl` stands for on this server. */
function addressesOf(entries: readonly { readonly entry: BundleEntry; readonly request: WriteRequest; readonly id: string }[]): Map<string, string> {
  const addresses = new Map<string, string>();
  for (const { entry, request, id } of entries) {
    if (entry.fullUrl === undefined || request.method === 'DELETE') continue;
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
