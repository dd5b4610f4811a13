import type { TestApp } from './app.js';
import pg from 'pg';
import { PLAN_ONCE } from '../../libs/platform/src/database/session-settings.js';

/** A node of a plan, as EXPLAIN (FORMAT JSON) gives it. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

export interface RecordedStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

function statementOf(query: unknown): RecordedStatement[] {
  if (typeof query !== 'object' || query === null || !('text' in query)) return [];
  return [{ text: String(query.text), values: 'values' in query && Array.isArray(query.values) ? query.values : [] }];
}

/** Everything that this process asks PostgreSQL while `work` runs. */
export async function recordStatements(work: () => Promise<unknown>): Promise<RecordedStatement[]> {
  const recorded: RecordedStatement[] = [];
  const original = Reflect.get(pg.Client.prototype, 'query') as (...given: unknown[]) => unknown;
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]): unknown {
    const [statement, values] = given;
    if (typeof statement === 'string') recorded.push({ text: statement, values: Array.isArray(values) ? values : [] });
    else if (typeof statement === 'object' && statement !== null) {
      // Statements that travel in one message are one query to pg.
      const each: readonly unknown[] = 'statements' in statement && Array.isArray(statement.statements) ? statement.statements : [statement];
      recorded.push(...each.flatMap(statementOf));
    }
    return original.apply(this, given);
  } as typeof pg.Client.prototype.query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = original as typeof pg.Client.prototype.query;
  }
  return recorded;
}

/** Explains statements as the application's role, under row-level security for the test's clinic, and for a hospital's connection where one is named. */
export class Explainer {
  private constructor(
    private readonly client: pg.Client,
    private readonly clinicId: string,
  ) {}

  static async for({ database, clinicId }: TestApp): Promise<Explainer> {
    const client = new pg.Client({ connectionString: database.appUrl });
    await client.connect();
    return new Explainer(client, clinicId);
  }

  /** Runs the statement, undoes what it did, and returns all nodes of the plan it ran by. */
  async explain({ text, values }: RecordedStatement, connectionId = ''): Promise<PlanNode[]> {
    await this.client.query('begin');
    try {
      await this.client.query(`set local cairn.clinic_id = '${this.clinicId}'; set local cairn.connection_id = '${connectionId}'`);
      const { rows } = await this.client.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>({ text: `explain (analyze, format json) ${text}`, values: [...values] });
      return rows.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan }) => nodesOf(Plan)));
    } finally {
      await this.client.query('rollback');
    }
  }

  /** All nodes of the plan that the statement is given for any values, as statements are that are planned once. */
  async planOnce({ text }: RecordedStatement): Promise<PlanNode[]> {
    await this.client.query('begin');
    try {
      await this.client.query(`set local cairn.clinic_id = '${this.clinicId}'; set local cairn.connection_id = ''`);
      await this.client.query(PLAN_ONCE.text);
      const { rows } = await this.client.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(`explain (generic_plan, format json) ${text}`);
      return rows.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan }) => nodesOf(Plan)));
    } finally {
      await this.client.query('rollback');
    }
  }

  end(): Promise<void> {
    return this.client.end();
  }
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
