import { isUuid, notFound } from '@cairn/kernel';
import { countAuditTrail, readAuditTrail, type AuditPlace, type AuditRow, type Reading } from '@cairn/platform';
import type { AuditEvent, Practitioner, ResourceType } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import type { FhirReads, History } from '../interactions/fhir-reads.js';
import { historyParameters, writePlace, type Parameters } from '../interactions/history-parameters.js';
import { isValue, type Criterion } from '../search/criterion.js';
import { refuse } from '../search/refuse.js';
import { CURSOR, readQuery, type SearchQuery, type SortKey } from '../search/search-query.js';
import type { Match } from '../search/search-sql.js';
import { cursorBehind, type Search, type SearchResult } from '../search/search.js';
import { rangeOf } from '../search-index/date-range.js';
import type { References } from '../search-index/references.js';
import { typeIndex } from '../search-index/type-index.js';
import { readCurrent, type FoundVersion } from '../store/stored-version.js';
import { ACTOR_SYSTEMS } from './audit-kinds.js';
import { auditEventOf } from './audit-event.fhir.js';
import { TrailConditions } from './trail-conditions.js';

/** Where a page begins in the two lists that are shown as one; a list without a place begins at its start. */
interface Places {
  readonly stored?: string;
  readonly trail?: AuditPlace;
}

/** A match of either list, with the moment by which they are merged. */
interface Dated {
  readonly version: FoundVersion;
  readonly at: number;
  readonly places: Places;
}

/**
 * AuditEvents as one list: Cairn's own, which are rows of the audit written as AuditEvents when they are read, and those that outside
 * systems sent, which are stored like any resource. By date, newest first unless `_sort` says otherwise; the pages go by the place in each list.
 */
export class AuditEvents {
  constructor(
    private readonly search: Search,
    private readonly references: References,
    private readonly reads: FhirReads,
  ) {}

  /** One AuditEvent of either kind. Refuses with 403 without the right to the type, with 404 what isn't visible. */
  async read(tx: Reading, policy: AccessPolicy, id: string): Promise<FoundVersion> {
    policy.demand('r', 'AuditEvent');
    return (await this.#own(tx, policy, id)) ?? this.reads.read(tx, policy, 'AuditEvent', id);
  }

  /** One version; Cairn's own have only the first. Refuses like `read`. */
  async vread(tx: Reading, policy: AccessPolicy, id: string, version: number): Promise<FoundVersion> {
    policy.demand('r', 'AuditEvent');
    const own = await this.#own(tx, policy, id);
    if (own && version !== 1) throw notFound(`AuditEvent/${id}/_history/${version}`);
    return own ?? this.reads.vread(tx, policy, 'AuditEvent', id, version);
  }

  /** The versions of one AuditEvent. Refuses like `read`. */
  async history(tx: Reading, policy: AccessPolicy, id: string, parameters: Parameters): Promise<History> {
    policy.demand('r', 'AuditEvent');
    const own = await this.#own(tx, policy, id);
    if (!own) return this.reads.history(tx, policy, 'AuditEvent', id, parameters);
    const { self, since, below = 2 } = historyParameters(parameters);
    const versions = (since && own.lastUpdated < since) || below < 2 ? [] : [own];
    return { versions, total: versions.length, self };
  }

  /**
   * A page of the history of the type, or of the whole server where no type is named: what the store holds and Cairn's own AuditEvents as one list,
   * newest first. Cairn's own are left out where the caller may not read AuditEvents, or only some. Refuses like `FhirReads.histories`.
   */
  async histories(tx: Reading, policy: AccessPolicy, type: ResourceType | undefined, parameters: Parameters): Promise<History> {
    if ((type !== undefined && type !== 'AuditEvent') || !policy.allows('r', 'AuditEvent') || policy.restriction('r', 'AuditEvent')) return this.reads.histories(tx, policy, type, parameters);
    const cursor = parameters.find(([name]) => name === CURSOR)?.[1];
    const asked = parameters.filter(([name]) => name !== CURSOR);
    const places = cursor === undefined ? {} : readPlaces(cursor);
    const { self, count, since } = historyParameters(asked);
    const stored = await this.reads.histories(tx, policy, type, places.stored === undefined ? asked : [...asked, [CURSOR, places.stored]]);
    const rows = await readAuditTrail(tx, { conditions: since ? ['a.recorded_at >= $2'] : [], values: since ? [since] : [], newestFirst: true, after: places.trail, limit: count + 1 });
    const merged = mergedByDate(stored.versions.map(datedVersion), rows.map(datedRow), true);
    const shown = merged.slice(0, count);
    const more = merged.length > count || stored.next !== undefined;
    const versions = shown.map(({ version }) => version);
    return { versions, self, ...(more ? { next: new URLSearchParams([...self, [CURSOR, writePlaces(behind(shown, places))]]) } : {}) };
  }

  /** A page of a search. Refuses with 403 without the right to search the type, and another order than by date. */
  async find(tx: Reading, policy: AccessPolicy, parameters: Parameters, strict: boolean): Promise<{ query: SearchQuery; result: SearchResult }> {
    policy.demand('s', 'AuditEvent');
    const asked = readQuery('AuditEvent', parameters, strict);
    const key = sortKeyOf(asked);
    const { cursor, ...rest } = asked;
    const query: SearchQuery = { ...rest, sort: [key] };
    const places = cursor === undefined ? {} : readPlaces(cursor);
    const conditions = await this.#conditions(tx, policy, query.criteria, 's');
    const stored = await this.search.run(tx, { ...query, ...(places.stored === undefined ? {} : { cursor: places.stored }), total: query.total || query.countOnly }, (type) => policy.restriction('s', type));
    const counted = query.countOnly || query.total ? await countAuditTrail(tx, conditions) : undefined;
    const notes = notesOn(conditions.unanswered, query);
    if (query.countOnly) return { query, result: { matches: [], included: [], total: (stored.total ?? 0) + (counted ?? 0), notes } };
    const rows = await readAuditTrail(tx, { ...conditions, newestFirst: key.descending, after: places.trail, limit: query.count + 1 });
    const merged = mergedByDate(stored.matches.map((match) => datedMatch(match, key)), rows.map(datedRow), key.descending);
    const shown = merged.slice(0, query.count);
    const more = merged.length > query.count || stored.next !== undefined;
    const total = stored.total !== undefined && counted !== undefined ? stored.total + counted : cursor === undefined && !more ? shown.length : undefined;
    return {
      query: asked,
      result: {
        matches: shown.map(({ version }) => version),
        included: stored.included,
        notes,
        ...(stored.includesCut ? { includesCut: stored.includesCut } : {}),
        ...(total === undefined ? {} : { total }),
        ...(more ? { next: writePlaces(behind(shown, places)) } : {}),
      },
    };
  }

  async #own(tx: Reading, policy: AccessPolicy, id: string): Promise<FoundVersion | undefined> {
    if (!isUuid(id)) return undefined;
    const byId = { name: '_id', parameter: '_id', modifier: '', values: [id.toLowerCase()] } as const;
    const conditions = await this.#conditions(tx, policy, [byId], 'r');
    const [row] = await readAuditTrail(tx, { ...conditions, newestFirst: true, limit: 1 });
    return row && versionOf(row);
  }

  async #conditions(tx: Reading, policy: AccessPolicy, criteria: readonly Criterion[], permission: 'r' | 's'): Promise<TrailConditions> {
    const conditions = new TrailConditions(this.references, await this.#subjects(tx, criteria), tx.clock.now());
    conditions.require(criteria);
    conditions.restrict(policy.restriction(permission, 'AuditEvent'));
    return conditions;
  }

  /** The token subjects of the Practitioners whom the criteria may name as agents: the trail knows people by what they sign in with. */
  async #subjects(tx: Reading, criteria: readonly Criterion[]): Promise<Map<string, string>> {
    const named = criteria.flatMap((criterion) => (isValue(criterion) && typeof criterion.parameter !== 'string' && criterion.parameter.definition.code === 'agent' ? criterion.values : []));
    const ids = named.map((value) => this.references.local(value)?.id ?? value).filter((id) => /^[A-Za-z0-9\-.]{1,64}$/.test(id));
    if (ids.length === 0) return new Map();
    const found = await readCurrent(tx, ids.map((id) => ({ type: 'Practitioner', id })));
    return new Map(
      [...found].flatMap(([name, { json }]) => {
        const { identifier = [] }: Partial<Practitioner> = json === '' ? {} : (JSON.parse(json) as Practitioner);
        const subject = identifier.find(({ system }) => system === ACTOR_SYSTEMS['person'])?.value;
        return subject === undefined ? [] : [[name, subject] as const];
      }),
    );
  }
}

/** A row of the audit as a version of the store. */
function versionOf(row: AuditRow): FoundVersion {
  return {
    type: 'AuditEvent',
    id: row.id,
    version: 1,
    lastUpdated: row.recordedAt,
    method: 'POST',
    patientIds: row.patients,
    labels: 0,
    json: JSON.stringify(auditEventOf(row)),
  };
}

function sortKeyOf({ sort }: SearchQuery): SortKey {
  const date = typeIndex('AuditEvent').parameters.get('date');
  if (!date || date.kind === 'composite') throw new Error('R4 lets AuditEvent be searched by date.');
  const [key = { parameter: date, descending: true }, ...more] = sort;
  if (more.length > 0 || (key.parameter !== '_lastUpdated' && key.parameter !== date)) throw refuse('_sort', 'AuditEvents are sorted by date, -date, _lastUpdated or -_lastUpdated.');
  return key;
}

/** The end of the time that counts in this order, so that the merged list agrees with the order of each. */
function datedMatch(version: Match, { parameter, descending }: SortKey): Dated {
  const places = { stored: cursorBehind(version) };
  if (parameter === '_lastUpdated') return { version, at: version.lastUpdated.getTime(), places };
  const { recorded } = JSON.parse(version.json) as AuditEvent;
  const range = rangeOf(recorded ?? '');
  return { version, at: (descending ? range?.high : range?.low) ?? 0, places };
}

const datedRow = (row: AuditRow): Dated => ({ version: versionOf(row), at: row.recordedAt.getTime(), places: { trail: row.place } });

/** A version of a history, newest first. */
const datedVersion = (version: FoundVersion): Dated => ({ version, at: version.lastUpdated.getTime(), places: { stored: writePlace({ ...version, lastUpdated: version.lastUpdated.toISOString() }) } });

/** Where both lists go on behind what is shown. */
const behind = (shown: readonly Dated[], places: Places): Places => shown.reduce<Places>((all, { places: each }) => ({ ...all, ...each }), places);

/** Two lists in the same order as one; at the same moment the trail's come first. */
function mergedByDate(stored: readonly Dated[], trail: readonly Dated[], descending: boolean): Dated[] {
  const merged: Dated[] = [];
  let next = 0;
  for (const each of stored) {
    for (let own = trail[next]; own && (descending ? own.at >= each.at : own.at <= each.at); own = trail[++next]) merged.push(own);
    merged.push(each);
  }
  return [...merged, ...trail.slice(next)];
}

const writePlaces = (places: Places): string => Buffer.from(JSON.stringify([places.stored ?? null, ...(places.trail ?? [])])).toString('base64url');

const MOMENT = /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/;

function readPlaces(cursor: string): Places {
  const bad = () => refuse(CURSOR, 'Follow the "next" link of the page before, as it was given.');
  let places: unknown;
  try {
    places = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw bad();
  }
  if (!Array.isArray(places)) throw bad();
  const [stored, at, id] = places as readonly unknown[];
  if (stored !== null && typeof stored !== 'string') throw bad();
  if (places.length !== 1 && (places.length !== 3 || typeof at !== 'string' || !MOMENT.test(at) || typeof id !== 'string' || !isUuid(id))) throw bad();
  return { ...(stored === null ? {} : { stored }), ...(typeof at === 'string' && typeof id === 'string' ? { trail: [at, id] } : {}) };
}

function notesOn(unanswered: readonly string[], { includes }: SearchQuery): string[] {
  return [
    ...unanswered.map((name) => `"${name}" finds only AuditEvents that were sent here, none of Cairn's own.`),
    ...(includes.length > 0 ? ["Resources are included only with AuditEvents that were sent here, not with Cairn's own."] : []),
  ];
}
