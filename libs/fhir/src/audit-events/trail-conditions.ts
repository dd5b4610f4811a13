import { isValue, type Criterion, type ValueCriterion } from '../search/criterion.js';
import type { Restriction } from '../search/criterion-sql.js';
import { splitEscaped, unescapeText } from '../search/parameter-text.js';
import { dateValue, either } from '../search/value-sql.js';
import type { References } from '../search-index/references.js';
import { ACTION_CODES, ACTOR_SYSTEMS, ACT_SYSTEM, OUTCOME_CODES, actsOfType } from './audit-kinds.js';

/** SQL conditions on a row `a` of the audit, with values bound from `$2` on. */
export class TrailConditions {
  readonly values: unknown[] = [];
  readonly conditions: string[] = [];
  /** Names of criteria that no row of the trail can be held against. */
  readonly unanswered: string[] = [];

  /**
   * @param practitioners the token subjects of Practitioners that may be named as agents, by their references
   */
  constructor(
    private readonly references: References,
    private readonly practitioners: ReadonlyMap<string, string>,
    private readonly now: Date,
  ) {}

  /** Adds criteria, all of which must hold. */
  require(criteria: readonly Criterion[]): void {
    for (const criterion of criteria) {
      const sql = this.#sql(criterion);
      if (sql === undefined) this.unanswered.push(criterion.name);
      this.conditions.push(sql ?? 'false');
    }
  }

  /** Adds what the caller's rights ask for: one of the lists must hold. */
  restrict(restriction: Restriction): void {
    if (!restriction) return;
    this.conditions.push(either(restriction.map((criteria) => criteria.map((criterion) => this.#sql(criterion) ?? 'false').join(' and ') || 'true').map((all) => `(${all})`)));
  }

  #sql(criterion: Criterion): string | undefined {
    if (!isValue(criterion)) return undefined;
    const { parameter, modifier, values } = criterion;
    if (parameter === '_id') return modifier === 'not' ? `not ${this.#ids(values)}` : this.#ids(values);
    const code = parameter === '_lastUpdated' ? 'date' : parameter.definition.code;
    if (modifier === 'missing') return this.#missing(code, values[0] === 'true');
    if (modifier === 'not') {
      const positive = this.#token(code, values);
      return positive && `not ${positive}`;
    }
    if (modifier === 'identifier' && code === 'agent') return either(values.map((value) => this.#actor(value)));
    if (modifier !== '' && parameter !== '_lastUpdated' && parameter.kind !== 'reference') return undefined;
    if (code === 'date') return either(criterion.values.map((value) => this.#date(criterion, value)));
    return this.#token(code, values) ?? this.#reference(code, criterion);
  }

  /** Whether rows lack what the parameter looks at; undefined where that differs from row to row in what isn't kept. */
  #missing(code: string, wanted: boolean): string | undefined {
    if (code === 'patient') return wanted ? `a.patients = '{}'` : `a.patients <> '{}'`;
    if (code === 'agent-name') return wanted ? 'a.actor_name is null' : 'a.actor_name is not null';
    return ['date', 'agent', 'action', 'outcome', 'type', 'subtype', 'entity'].includes(code) ? String(!wanted) : undefined;
  }

  #token(code: string, values: readonly string[]): string | undefined {
    switch (code) {
      case 'action':
        return either(values.map((value) => `a.action = ${this.#bind(keyOf(ACTION_CODES, token(value).code))}`));
      case 'outcome':
        return either(values.map((value) => `a.outcome = ${this.#bind(keyOf(OUTCOME_CODES, token(value).code))}`));
      case 'type':
        return either(values.map((value) => `(${actsOfType(token(value).system, token(value).code)})`));
      case 'subtype':
        return either(values.map((value) => this.#subtype(value)));
      default:
        return undefined;
    }
  }

  #subtype(value: string): string {
    const { system, code } = token(value);
    const act = (): string => `a.what = ${this.#bind(code)}`;
    const interaction = (): string => `a.what = ${this.#bind(`fhir.${code}`)}`;
    if (system === ACT_SYSTEM) return act();
    if (system === undefined) return `(${act()} or ${interaction()})`;
    return system === 'http://hl7.org/fhir/restful-interaction' ? interaction() : 'false';
  }

  #reference(code: string, criterion: ValueCriterion): string | undefined {
    switch (code) {
      case 'patient': {
        const patients = this.#targets(criterion, ['Patient']).map((name) => name.slice('Patient/'.length));
        return this.#ofPatients(patients);
      }
      case 'entity':
        return this.#ofEntities(this.#targets(criterion, []));
      case 'agent':
        return either(this.#targets(criterion, ['Patient', 'Practitioner']).map((name) => this.#agent(name)));
      case 'agent-name':
        return either(criterion.values.map((value) => `starts_with(lower(a.actor_name), lower(${this.#bind(unescapeText(value))}))`));
      default:
        return undefined;
    }
  }

  #ofPatients(patients: readonly string[]): string {
    return `a.id in (select o.id from audit_of_patients(${this.#bind(patients)}::text[]) o)`;
  }

  /** Of a patient is also what names no resource but is on the patient. */
  #ofEntities(names: readonly string[]): string {
    const patients = names.filter((name) => name.startsWith('Patient/')).map((name) => name.slice('Patient/'.length));
    return `a.id in (select o.id from audit_of_entities(${this.#bind(names)}::text[], ${this.#bind(patients)}::text[]) o)`;
  }

  /** `Type/id` for each value; a bare id may be of any of the types. */
  #targets({ values, modifier }: ValueCriterion, types: readonly string[]): string[] {
    return values.flatMap((value) => {
      const text = unescapeText(value);
      if (/^[A-Za-z0-9\-.]{1,64}$/.test(text)) return (modifier ? [modifier] : types).map((type) => `${type}/${text}`);
      return this.references.indexed(text) ?? [];
    });
  }

  #agent(name: string): string {
    if (name.startsWith('Patient/')) return `(a.actor_kind = 'patient' and a.actor_id = ${this.#bind(name.slice('Patient/'.length))})`;
    const subject = this.practitioners.get(name);
    return subject === undefined ? 'false' : `(a.actor_kind = 'person' and a.actor_id = ${this.#bind(subject)})`;
  }

  #actor(value: string): string {
    const { system, code } = token(value);
    const kind = system === undefined ? undefined : keyOf(ACTOR_SYSTEMS, system);
    const named = `a.actor_id = ${this.#bind(code)}`;
    return kind === undefined ? named : `(a.actor_kind = ${this.#bind(kind)} and ${named})`;
  }

  #ids(values: readonly string[]): string {
    return `a.id = any(${this.#bind(values.map(unescapeText).filter((id) => UUID.test(id)))}::uuid[])`;
  }

  /** A row is of one moment, so a range that it lies in holds it whole. */
  #date({ name }: ValueCriterion, value: string): string {
    const { prefix, from, to } = dateValue(name, value, this.now);
    const at = (comparison: string, date: unknown): string => `a.recorded_at ${comparison} ${this.#bind(date)}`;
    switch (prefix) {
      case 'eq':
      case 'ap':
        return `(${at('>=', from)} and ${at('<', to)})`;
      case 'ne':
        return `(${at('<', from)} or ${at('>=', to)})`;
      case 'gt':
      case 'sa':
        return at('>=', to);
      case 'ge':
        return at('>=', from);
      case 'le':
        return at('<', to);
      case 'lt':
      case 'eb':
        return at('<', from);
    }
  }

  #bind(value: unknown): string {
    return `$${this.values.push(value) + 1}`;
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `code` or `system|code`. */
function token(value: string): { readonly system?: string; readonly code: string } {
  const [first = '', second] = splitEscaped(value, '|').map(unescapeText);
  return second === undefined ? { code: first } : { system: first, code: second };
}

/** The word that a code stands for; an empty text, which no row has, where it stands for none. */
const keyOf = (codes: Readonly<Record<string, string>>, code: string): string => Object.keys(codes).find((key) => codes[key] === code) ?? '';
