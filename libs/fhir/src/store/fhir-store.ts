import { isDeepStrictEqual } from 'node:util';
import { conflict, invalid, newId, notFound } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { ExtractResource, Resource, ResourceType } from '@medplum/fhirtypes';
import { isResourceType } from '../definitions/structures.js';
import { projectionWritten } from '../fhir.events.js';
import { amendText } from '../lossless/amend-text.js';
import { compactJson } from '../lossless/compact-json.js';
import { readObject } from '../lossless/read-body.js';
import { readQuery } from '../search/search-query.js';
import type { Search } from '../search/search.js';
import { validate } from '../validation/validate.js';
import { isDeleted, nameOf, readCurrent, readOne, readVersion, type CurrentVersion } from './stored-version.js';
import type { Change, ResourceWriter } from './write-resources.js';

/** A resource that has been stored, and so has an id and a version. */
export type Stored<T extends Resource> = T & { readonly id: string; readonly meta: { readonly versionId: string; readonly lastUpdated: string } };

/** Parameters of a search, as a query string would carry them: `{ subject: 'Patient/1', status: ['requested', 'received'] }` (a list is "and"). */
export type SearchParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface UpdateOptions {
  /** The version that the caller read. Refused with 412 when another is in force. */
  readonly ifMatch?: number;
}

const DEPTH = { maxDepth: 200 };

/**
 * The FHIR store as Cairn's features use it, inside their own transactions. What they write is Cairn's: outside systems change it only by
 * way of the owning feature. Everything is validated; nothing here asks features for consent or is recorded as Provenance, and each
 * feature audits what it does.
 */
export class FhirStore {
  constructor(
    private readonly writer: ResourceWriter,
    private readonly searches: Search,
  ) {}

  /** Stores a new resource and returns it with id and version. Keeps an id that it has; refuses with 409 one that is taken. */
  async create<T extends Resource>(tx: Tx, resource: T): Promise<Stored<T>> {
    const [stored] = await this.createAll(tx, [resource]);
    if (!stored) throw new Error('The store wrote nothing.');
    return stored;
  }

  /** Stores new resources in one statement. */
  async createAll<T extends Resource>(tx: Tx, resources: readonly T[]): Promise<Stored<T>[]> {
    const changes = resources.map((resource) => ({ method: 'POST', owner: 'cairn', ...this.#contentOf(resource, resource.id ?? newId()) }) satisfies Change);
    return this.#write<T>(tx, changes);
  }

  /**
   * Stores a new version of a resource, which keeps its owner. Refuses with 404 what is not there (or not visible), with 412 when
   * `ifMatch` names another version.
   */
  async update<T extends Resource>(tx: Tx, resource: T, { ifMatch }: UpdateOptions = {}): Promise<Stored<T>> {
    const id = resource.id;
    if (id === undefined) throw invalid('An update needs the id of the resource.', { issues: [{ path: 'id', message: 'Is missing.' }] });
    const previous = await this.#locked(tx, resource.resourceType, id);
    if (!previous || isDeleted(previous)) throw notFound(`${resource.resourceType}/${id}`);
    if (ifMatch !== undefined && ifMatch !== previous.version) throw stale();
    return this.#one<T>(tx, { method: 'PUT', owner: previous.owner, previous, ...this.#contentOf(resource, id) });
  }

  /**
   * Brings a resource of known id to this state: creates it, updates it, or does nothing when it already says the same. Returns the version
   * in force. What it writes becomes Cairn's.
   */
  async put<T extends Resource>(tx: Tx, resource: T & { id: string }): Promise<Stored<T>> {
    const previous = await this.#locked(tx, resource.resourceType, resource.id);
    const content = this.#contentOf(resource, resource.id);
    if (previous && !isDeleted(previous) && saysTheSame(previous, resource)) return parse<T>(previous);
    return this.#one<T>(tx, { method: 'PUT', owner: 'cairn', ...(previous ? { previous } : {}), ...content });
  }

  /**
   * Changes a resource and takes it over: `change` works on a copy, and only the elements that it changes are written anew, so that what another system sent
   * stays as it was sent, digit by digit. Refuses with 404 what is not there.
   */
  async amend<T extends ResourceType>(tx: Tx, type: T, id: string, change: (resource: ExtractResource<T>) => void): Promise<Stored<ExtractResource<T>>> {
    const previous = await this.#locked(tx, type, id);
    if (!previous || isDeleted(previous)) throw notFound(`${type}/${id}`);
    const before = parse<ExtractResource<T>>(previous);
    const after = parse<ExtractResource<T>>(previous);
    change(after);
    const content = readObject(amendText(previous.json, before, after));
    validate(content.value);
    return this.#one<ExtractResource<T>>(tx, { method: 'PUT', owner: 'cairn', previous, type, id, content });
  }

  /** The version in force. Refuses with 404 what is not there, is deleted, or is not visible to the actor. */
  async read<T extends ResourceType>(tx: Tx, type: T, id: string): Promise<Stored<ExtractResource<T>>> {
    const found = await this.find(tx, type, id);
    if (!found) throw notFound(`${type}/${id}`);
    return found;
  }

  /** The version in force, or undefined. */
  async find<T extends ResourceType>(tx: Tx, type: T, id: string): Promise<Stored<ExtractResource<T>> | undefined> {
    const version = await readOne(tx, type, id);
    return version && !isDeleted(version) ? parse<ExtractResource<T>>(version) : undefined;
  }

  /** The versions in force of several resources, by `Type/id`; what is not there is left out. */
  async readAll(tx: Tx, references: readonly string[]): Promise<Map<string, Stored<Resource>>> {
    const names = references.flatMap((reference) => {
      const [type = '', id = ''] = reference.split('/');
      return isResourceType(type) && id ? [{ type, id }] : [];
    });
    const versions = names.length === 0 ? [] : [...(await readCurrent(tx, names)).values()];
    return new Map(versions.filter((version) => !isDeleted(version)).map((version) => [nameOf(version), parse<Resource>(version)]));
  }

  /** One version, past or in force. Refuses with 404 what is not there. */
  async readVersion<T extends ResourceType>(tx: Tx, type: T, id: string, version: number): Promise<Stored<ExtractResource<T>>> {
    const found = await readVersion(tx, type, id, version);
    if (!found || isDeleted(found)) throw notFound(`${type}/${id}/_history/${version}`);
    return parse<ExtractResource<T>>(found);
  }

  /**
   * The resources that match, in the order asked for (`_sort`), else as they were made; at most `_count`, or 1,000. Refuses unknown
   * parameters.
   */
  async search<T extends ResourceType>(tx: Tx, type: T, parameters: SearchParameters): Promise<Stored<ExtractResource<T>>[]> {
    const { matches } = await this.searches.run(tx, readQuery(type, pairs({ _count: '1000', ...parameters }), true), () => undefined);
    return matches.map((version) => parse<ExtractResource<T>>(version));
  }

  /** How many resources match. */
  async count(tx: Tx, type: ResourceType, parameters: SearchParameters): Promise<number> {
    return this.searches.count(tx, readQuery(type, pairs(parameters), true), undefined);
  }

  /** Deletes a resource; its history stays. Does nothing when it is not there. */
  async remove(tx: Tx, type: ResourceType, id: string): Promise<void> {
    const previous = await this.#locked(tx, type, id);
    if (previous && !isDeleted(previous)) await this.#told(tx, [{ method: 'DELETE', type, id, previous, owner: previous.owner }]);
  }

  /**
   * Takes over a resource that an outside system wrote, such as the Task of a referral: from now on Cairn moves it. The resource itself
   * does not change. Refuses with 404 what is not there.
   */
  async claim(tx: Tx, type: ResourceType, id: string): Promise<void> {
    const rows = await tx.query({
      name: 'fhir-claim-resource',
      text: `update fhir_resource set owner = 'cairn' where clinic_id = $1 and resource_type = $2 and id = $3 and method <> 'DELETE' returning 1`,
      values: [tx.scope.clinicId, type, id],
    });
    if (rows.length === 0) throw notFound(`${type}/${id}`);
  }

  async #locked(tx: Tx, type: string, id: string): Promise<CurrentVersion | undefined> {
    return (await readCurrent(tx, [{ type, id }], true)).get(`${type}/${id}`);
  }

  #contentOf(resource: Resource, id: string): Pick<Change, 'type' | 'id' | 'content'> & { readonly content: NonNullable<Change['content']> } {
    const content = readObject(compactJson(JSON.stringify(resource), DEPTH));
    validate(content.value);
    return { type: resource.resourceType, id, content };
  }

  async #one<T extends Resource>(tx: Tx, change: Change): Promise<Stored<T>> {
    const [stored] = await this.#write<T>(tx, [change]);
    if (!stored) throw new Error('The store wrote nothing.');
    return stored;
  }

  async #write<T extends Resource>(tx: Tx, changes: readonly Change[]): Promise<Stored<T>[]> {
    return (await this.#told(tx, changes)).map((version) => parse<T>(version));
  }

  /** Writes, and lets those who listen know: whom it concerns outside is not the writing feature's to say. */
  async #told(tx: Tx, changes: readonly Change[]): Promise<CurrentVersion[]> {
    const versions = await this.writer.write(tx, changes, 'cairn');
    for (const { type, id, version } of versions) await tx.emit(projectionWritten(type), { type, id, version: String(version) });
    return versions;
  }
}

/** The resource of a version. Its type is known from what was asked for; its content was validated when it was written. */
const parse = <T extends Resource>({ json }: CurrentVersion | { readonly json: string }): Stored<T> => JSON.parse(json) as Stored<T>;

function saysTheSame({ json }: CurrentVersion, resource: Resource): boolean {
  return isDeepStrictEqual(withoutVersion(JSON.parse(json) as Resource), withoutVersion(JSON.parse(JSON.stringify(resource)) as Resource));
}

const withoutVersion = ({ meta, ...resource }: Resource): object => {
  const { versionId: _version, lastUpdated: _updated, ...rest } = meta ?? {};
  return { ...resource, meta: rest };
};

function* pairs(parameters: SearchParameters): Iterable<readonly [string, string]> {
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of typeof value === 'string' ? [value] : (value ?? [])) yield [name, each];
  }
}

const stale = () => conflict('Somebody changed this since you read it. Read it again and decide anew.', { status: 412, code: 'stale-version' });
