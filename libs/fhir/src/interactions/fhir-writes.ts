import type { CairnError} from '@cairn/kernel';
import { conflict, forbidden, invalid, notFound } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { Resource, ResourceType } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import type { Permission } from '../access/scopes.js';
import type { FhirCommands, FhirWrite } from '../commands/fhir-commands.js';
import { isResourceType } from '../definitions/structures.js';
import { readObject, type JsonObject } from '../lossless/read-body.js';
import { stampValue } from '../lossless/resource-text.js';
import type { References } from '../search-index/references.js';
import type { Search } from '../search/search.js';
import { GUARDING } from '../store/record-guards.js';
import { isDeleted, nameOf, readCurrent, type CurrentVersion, type FoundVersion, type Owner } from '../store/stored-version.js';
import { namedTwice, type Change, type ResourceWriter } from '../store/write-resources.js';
import type { SubscriptionAdmission } from '../subscriptions/subscription-admission.js';
import type { ContentRules } from '../validation/content-rules.js';
import type { Note } from '../validation/fault.js';
import { provenanceOf } from './provenance.js';
import { demandChangeable, notAllowed } from './type-rules.js';
import { within, type NamedWrite, type Written } from './write-request.js';

/** The right that each kind of write needs. */
export const PERMISSION = { POST: 'c', PUT: 'u', PATCH: 'u', DELETE: 'd' } as const;
const INTERACTION = { POST: 'create', PUT: 'update', PATCH: 'update', DELETE: 'delete' } as const;

/** What writes are made with. */
export interface WriteParts {
  readonly writer: ResourceWriter;
  readonly commands: FhirCommands;
  readonly search: Search;
  readonly references: References;
  readonly subscriptions: SubscriptionAdmission;
  readonly rules: ContentRules;
}

/** Makes the writes that come over /fhir: checks rights, versions and content, stores, and lets the features decide. */
export class FhirWrites {
  constructor(private readonly parts: WriteParts) {}

  /**
   * Makes all writes of one transaction and returns what came of each, in their order. Any refusal undoes all of them: wrong content
   * (400, 422), missing rights (403), a stale version (412), a change at the same moment (409), a resource that Cairn keeps (403, 428),
   * or whatever a feature's workflow says.
   */
  async perform(tx: Tx, policy: AccessPolicy, writes: readonly NamedWrite[]): Promise<Written[]> {
    const session = this.begin(tx, policy);
    await session.finish(writes);
    return writes.map((write) => session.resultOf(write));
  }

  /** The same for writes that are a request each and only share the transaction: a Provenance tells of each of them. */
  async performApart(tx: Tx, policy: AccessPolicy, writes: readonly NamedWrite[]): Promise<Written[]> {
    const session = this.begin(tx, policy);
    await session.finish(writes, (changes) => changes.map((change) => [change]));
    return writes.map((write) => session.resultOf(write));
  }

  /** Refuses with 403 where the caller's right to create covers only some resources of a type, and not one that its criteria found in place of a new one: they must not tell of it. */
  async demandFindable(tx: Tx, policy: AccessPolicy, found: readonly FoundVersion[]): Promise<void> {
    const { search } = this.parts;
    for (const { type, id } of found) {
      const restriction = policy.restriction('c', type);
      if (restriction && (await search.count(tx, { type, criteria: [{ name: '_id', parameter: '_id', modifier: '', values: [id] }] }, restriction)) === 0) throw outsideScope(type);
    }
  }

  /** Begins the writes of one transaction that can't all be made at once, such as those whose references only its other writes fulfil. */
  begin(tx: Tx, policy: AccessPolicy): WriteSession {
    return new WriteSession(tx, policy, this.parts);
  }
}

/** The writes of one transaction. Whatever refuses, refuses as {@link FhirWrites.perform} says, and undoes all of them. */
export class WriteSession {
  readonly #changes = new Map<NamedWrite, Change>();
  readonly #latest = new Map<string, CurrentVersion>();
  readonly #notes = new Map<NamedWrite, readonly Note[]>();

  constructor(
    private readonly tx: Tx,
    private readonly policy: AccessPolicy,
    private readonly parts: WriteParts,
  ) {}

  /** Makes some of the writes. */
  async make(writes: readonly NamedWrite[]): Promise<void> {
    await this.#make(writes, () => []);
  }

  /** Makes the last writes, tells by one Provenance of all those of a request, which are all where nothing else is said, and lets the features decide. */
  async finish(writes: readonly NamedWrite[], requestsOf = (changes: readonly Change[]): readonly (readonly Change[])[] => [changes]): Promise<void> {
    await this.#make(writes, () => requestsOf([...this.#changes.values()]).flatMap((changes) => provenanceOf(this.tx, changes, this.parts.references) ?? []));
    await this.#command();
  }

  /** What came of a write, once the session is finished. */
  resultOf(write: NamedWrite): Written {
    const change = this.#changes.get(write);
    const version = this.#latest.get(nameOf(write));
    if (!change || !version) return { status: 204 };
    if (write.method === 'DELETE') return { status: 204, version };
    const notes = this.#notes.get(write) ?? [];
    return { status: change.previous && !isDeleted(change.previous) ? 200 : 201, version, ...(notes.length > 0 ? { notes } : {}) };
  }

  async #make(writes: readonly NamedWrite[], closing: () => readonly Change[]): Promise<void> {
    const { tx, policy } = this;
    const [twice] = namedTwice([...this.#changes.keys(), ...writes]);
    if (twice) throw invalid(`The transaction writes ${twice} twice.`, { code: 'conflicting-entries' });
    for (const write of writes) within(write.path, () => policy.demand(PERMISSION[write.method], write.type));
    const current = await this.#current(writes);
    const changes: Change[] = [];
    for (const write of writes) {
      const change = within(write.path, () => this.#change(write, current.get(nameOf(write))));
      if (!change) continue;
      const admitted = change.type === 'Subscription' ? await this.parts.subscriptions.admit(tx, change, write.path) : change;
      this.#changes.set(write, admitted);
      changes.push(admitted);
    }
    await this.#demandWithin(writes.filter(({ method }) => method !== 'POST'));
    const versions = await this.parts.writer.write(tx, [...changes, ...closing()], 'outside');
    for (const version of versions.slice(0, changes.length)) this.#latest.set(nameOf(version), version);
    await this.#demandWithin(writes.filter(({ method }) => method !== 'DELETE'));
  }

  /** The versions that the writes will replace. They are locked, but for a single write that says which version it read: then a change at the same moment shows. */
  async #current(writes: readonly NamedWrite[]): Promise<Map<string, CurrentVersion>> {
    const named = writes.filter(({ method }) => method !== 'POST');
    if (named.length === 0) return new Map();
    return readCurrent(this.tx, named, writes.length > 1 || named[0]?.ifMatch === undefined);
  }

  #change(write: NamedWrite, previous: CurrentVersion | undefined): Change | undefined {
    const { method, type, id, ifMatch } = write;
    if (method === 'POST') return { method, type, id, owner: 'outside', content: this.#content(write, 'outside') };
    const inForce = previous && !isDeleted(previous) ? previous : undefined;
    if (!inForce) {
      if (ifMatch !== undefined) throw stale();
      if (method === 'DELETE') return undefined;
      if (method === 'PATCH') throw notFound(nameOf(write));
      this.#demandOwnId(type);
      return { method, type, id, owner: previous?.owner ?? 'outside', content: this.#content(write, previous?.owner ?? 'outside'), ...(previous ? { previous } : {}) };
    }
    demandChangeable(type);
    if (write.onlyNew) throw there();
    if (inForce.owner === 'cairn') this.parts.commands.demandOwnership(type, ifMatch);
    if (ifMatch !== undefined && ifMatch !== inForce.version) throw stale();
    const content = method === 'DELETE' ? {} : { content: this.#content(write, inForce.owner, write.patch && readObject(write.patch(inForce.json))) };
    return { method, type, id, owner: inForce.owner, previous: inForce, ...content };
  }

  /** What a write stores, judged by the level of who sends it. What is Cairn's, or acted upon by Cairn, is judged strictly in all that Cairn reads. */
  #content(write: NamedWrite, owner: Owner, patched?: JsonObject): JsonObject {
    const { actor } = this.tx.scope;
    const { rules, commands } = this.parts;
    const level = actor.kind === 'system' && owner === 'outside' ? (actor.validation ?? 'strict') : 'strict';
    const { content, notes } = rules.judge(demandIdentity({ ...write, ...(patched ? { content: patched } : {}) }), { level, actedOn: commands.types.has(write.type) || GUARDING.has(write.type) });
    this.#notes.set(write, notes);
    return content;
  }

  /** A sender may choose the id of a new resource, unless others may have such that it must not know of: then the refusal of an id would tell that another has it. */
  #demandOwnId(type: ResourceType): void {
    const { actor } = this.tx.scope;
    if (type === 'Subscription' || (actor.kind === 'system' && actor.connectionId !== null)) {
      throw notAllowed(`There is no such ${type}, and this server gives ids itself. Create it with POST; If-None-Exist keeps it from being made twice.`);
    }
    this.policy.demand('c', type);
  }

  /** Refuses with 403 where a scope covers only some resources of a type, and one of these isn't among them. */
  async #demandWithin(writes: readonly NamedWrite[]): Promise<void> {
    const { tx, policy } = this;
    const { search } = this.parts;
    const groups = new Map<string, { readonly permission: Permission; readonly type: ResourceType; readonly ids: string[] }>();
    for (const { method, type, id } of writes) {
      const permission = PERMISSION[method];
      if (!policy.restriction(permission, type)) continue;
      const key = `${permission}${type}`;
      const group = groups.get(key) ?? { permission, type, ids: [] };
      group.ids.push(id);
      groups.set(key, group);
    }
    for (const { permission, type, ids } of groups.values()) {
      const byId = { name: '_id', parameter: '_id', modifier: '', values: ids } as const;
      const there = await search.count(tx, { type, criteria: [byId] }, undefined);
      const permitted = await search.count(tx, { type, criteria: [byId] }, policy.restriction(permission, type));
      if (permitted < there) throw outsideScope(type);
    }
  }

  /** Lets the features decide, and learns the versions in force afterwards: a feature may have written more. */
  async #command(): Promise<void> {
    const { commands, writer } = this.parts;
    const heard = [...this.#changes.values()].filter(({ type }) => isResourceType(type) && commands.types.has(type));
    if (heard.length === 0) return;
    const before = writer.writesIn(this.tx);
    await commands.run(this.tx, heard.flatMap((change) => commandOf(change, this.#latest.get(nameOf(change))) ?? []));
    if (writer.writesIn(this.tx) === before) return;
    for (const [name, version] of await readCurrent(this.tx, heard)) this.#latest.set(name, version);
  }
}

/** The content, which must be of the type and for the id that the URL says. */
function demandIdentity({ content, type, id, method, path, criteria }: NamedWrite): JsonObject {
  if (!content) throw invalid('The resource is missing.', { code: 'resource-missing', issues: [{ path, message: `Send a ${type}.` }] });
  const { value } = content;
  if (value['resourceType'] !== type) {
    throw invalid(`The resource is not what the URL says: a ${type}.`, { code: 'wrong-type', issues: [{ path: 'resourceType', message: `Must be ${type}.` }] });
  }
  const unnamed = criteria !== undefined && value['id'] === undefined;
  if (method !== 'POST' && value['id'] !== id && !unnamed) {
    throw invalid('The id of the resource is not that of the URL.', { code: 'wrong-id', issues: [{ path: 'id', message: 'Must be the id in the URL.' }] });
  }
  return content;
}

function commandOf({ method, previous, owner, content }: Change, version: CurrentVersion | undefined): FhirWrite | undefined {
  if (!version || !isResourceType(version.type)) return undefined;
  return {
    interaction: previous && !isDeleted(previous) ? INTERACTION[method] : 'create',
    type: version.type,
    id: version.id,
    version: version.version,
    owner,
    ...(content ? { resource: stampValue(content.value, { id: version.id, versionId: version.version, lastUpdated: version.lastUpdated }) as Resource } : {}),
    ...(previous && previous.json !== '' ? { previous: JSON.parse(previous.json) as Resource } : {}),
  };
}

const outsideScope = (type: string): CairnError => forbidden(`Your scopes cover only some ${type} resources, and not this one.`, { code: 'outside-scope' });

const there = (): CairnError => conflict('It is there already, and was to be created only.', { status: 412, code: 'exists' });

const stale = (): CairnError =>
  conflict('Somebody changed this since you read it. Read it again and decide anew.', { status: 412, code: 'stale-version' });

