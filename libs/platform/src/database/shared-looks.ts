import pg, { type Pool, type QueryResult } from 'pg';
import { Gathering } from '../work/gathering.js';
import { sendAlone, sendTogether } from './led-query.js';
import type { Statement } from './query.js';
import { PLAN_ONCE, lookingAs, namedFor } from './session-settings.js';
import type { Scope } from '../tenancy/scope.js';

interface Look {
  readonly scope: Scope;
  readonly statement: Statement;
}

/** With one message alone under way, PostgreSQL and this process would wait for each other. */
const RULES = { most: 16, atOnce: 2, maxWaiting: 10_000, busy: 'Too much is being read at once.' } as const;

/**
 * Statements that only read and stand alone. Brief ones of the same actor that come at the same time share a message: the message, its answer and the settings
 * of row-level security cost more than they do. Where one is refused, each is asked again by itself.
 */
export class SharedLooks {
  readonly #gathering: Gathering<Look, QueryResult>;

  constructor(private readonly pool: Pool) {
    this.#gathering = new Gathering({ ...RULES, apart: (error) => error instanceof pg.DatabaseError }, (looks) => this.#together(looks));
  }

  /** Runs a statement for the scope and returns its result. */
  async look({ scope, statement }: Look): Promise<QueryResult> {
    if (!statement.brief) return sendAlone(this.pool, leadsOf({ scope, statement }), statement);
    return this.#gathering.add(`${statement.plannedOnce ? 'once' : ''} ${namedFor(scope)}`, { scope, statement });
  }

  async #together(looks: readonly Look[]): Promise<readonly QueryResult[]> {
    const [first] = looks;
    if (!first) return [];
    if (looks.length === 1) return [await sendAlone(this.pool, leadsOf(first), first.statement)];
    return sendTogether(this.pool, leadsOf(first), looks.map(({ statement }) => statement));
  }
}

const leadsOf = ({ scope, statement }: Look) => (statement.plannedOnce ? [...lookingAs(scope), PLAN_ONCE] : lookingAs(scope));
