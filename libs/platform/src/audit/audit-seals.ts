import type { Queryable } from '../database/query.js';
import type { Tx } from '../database/tx.js';
import type { Keyring } from '../secrets/keyring.js';
import { countOf, differences, hashOf, leavesOf, type Difference, type Leaf, type SealFacts } from './audit-chain.js';

/** A block as it is stored. */
export interface Seal extends SealFacts {
  readonly hash: string;
  readonly signature: string;
  readonly sealedAt: Date;
}

/** Rows in one block, unless a single transaction wrote more. */
const BLOCK = 10_000;

const PURPOSE = 'audit-seal';

/** A row's content in a form that no setting of a session changes. */
const CONTENT = `jsonb_build_array((extract(epoch from recorded_at) * 1000000)::bigint, actor_kind, actor_id, actor_name, connection_id, action, what,
  to_jsonb(entities), to_jsonb(patients), outcome, purpose, correlation_id)::text as content`;

/** The newest blocks first. */
async function lastSeal(database: Queryable, clinicId: string): Promise<Seal | undefined> {
  const [seal] = await sealsOf(database, clinicId, 'order by number desc limit 1', []);
  return seal;
}

async function sealsOf(database: Queryable, clinicId: string, rest: string, values: readonly unknown[]): Promise<Seal[]> {
  return database.query<Seal>(
    `select clinic_id as "clinicId", number, from_xact::text as "from", to_xact::text as "to", leaves, previous, hash, signature, sealed_at as "sealedAt"
      from audit_seal where clinic_id = $1 ${rest}`,
    [clinicId, ...values],
  );
}

/** Rows of these transactions, in order. */
const rowsBetween = (database: Queryable, clinicId: string, from: string, to: string, limit: number | null): Promise<Leaf[]> =>
  database.query<Leaf>({
    name: 'audit-leaves',
    text: `select xact::text, id, ${CONTENT} from audit where clinic_id = $1 and xact >= $2::bigint and xact < $3::bigint order by xact, id limit $4`,
    values: [clinicId, from, to, limit],
  });

/**
 * Seals the next block of a clinic's audit and returns it; undefined where nothing waits. Only transactions that are over are sealed (the
 * oldest that still runs sets the bound), so no row can come to stand in a sealed stretch later, however late it is committed. Writers
 * never wait for it. Refuses to go on when the database counts its transactions anew, as after a restore into another cluster.
 */
export async function sealNext(tx: Tx, keyring: Keyring): Promise<Seal | undefined> {
  const { clinicId } = tx.scope;
  const last = await lastSeal(tx, clinicId);
  const [snapshot] = await tx.query<{ horizon: string }>(`select pg_snapshot_xmin(pg_current_snapshot())::text as horizon`);
  const horizon = snapshot?.horizon ?? '0';
  const from = last?.to ?? '0';
  if (BigInt(horizon) < BigInt(from)) throw new Error('The database counts its transactions from below the last sealed one: raise its counter (docs/adr/005), then sealing goes on.');
  const found = await rowsBetween(tx, clinicId, from, horizon, BLOCK + 1);
  const first = found[0];
  const beyond = found[BLOCK];
  if (!first) return undefined;
  // A block ends between two transactions; one that wrote more than a block holds makes a block of its own.
  const whole = beyond ? found.filter(({ xact }) => xact !== beyond.xact) : found;
  const to = !beyond ? horizon : whole.length > 0 ? beyond.xact : String(BigInt(first.xact) + 1n);
  const rows = whole.length > 0 ? whole : await rowsBetween(tx, clinicId, from, to, null);
  const facts: SealFacts = { clinicId, number: (last?.number ?? 0) + 1, from, to, leaves: leavesOf(rows), previous: last?.hash ?? '' };
  const hash = hashOf(facts);
  const seal: Seal = { ...facts, hash, signature: keyring.sign(hash, PURPOSE), sealedAt: tx.clock.now() };
  await tx.query({
    name: 'audit-seal-insert',
    text: `insert into audit_seal (clinic_id, number, from_xact, to_xact, count, leaves, previous, hash, signature, sealed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: [clinicId, seal.number, from, to, countOf(seal.leaves), seal.leaves, seal.previous, hash, seal.signature, seal.sealedAt],
  });
  return seal;
}

/** What a look at a clinic's whole chain found. */
export interface ChainReport {
  readonly blocks: number;
  readonly rows: number;
  /** Rows that no block holds yet. */
  readonly waiting: number;
  readonly head: { readonly number: number; readonly hash: string } | undefined;
  readonly faults: readonly string[];
}

/** A block that was written down elsewhere, to notice when the end of the chain is cut off. */
export interface Anchor {
  readonly number: number;
  readonly hash: string;
}

/** Goes through a clinic's chain, block by block, and says what was changed, removed or inserted since it was sealed. */
export async function verifyChain(database: Queryable, keyring: Keyring, clinicId: string, anchor?: Anchor): Promise<ChainReport> {
  const faults: string[] = [];
  let previous: Seal | undefined;
  let rows = 0;
  for (;;) {
    const [seal] = await sealsOf(database, clinicId, 'and number > $2 order by number limit 1', [previous?.number ?? 0]);
    if (!seal) break;
    faults.push(...faultsOf(seal, previous, keyring));
    const found = await rowsBetween(database, clinicId, seal.from, seal.to, null);
    faults.push(...differences(seal.leaves, found).map((difference) => told(seal, difference)));
    if (anchor?.number === seal.number && anchor.hash !== seal.hash) faults.push(`Block ${seal.number} is not the one that was written down.`);
    rows += countOf(seal.leaves);
    previous = seal;
  }
  if (anchor && anchor.number > (previous?.number ?? 0)) faults.push(`Block ${anchor.number}, which was written down, is missing: the end of the chain was cut off.`);
  const [waiting] = await database.query<{ count: number }>('select count(*)::int as count from audit where clinic_id = $1 and xact >= $2::bigint', [clinicId, previous?.to ?? '0']);
  return { blocks: previous?.number ?? 0, rows, waiting: waiting?.count ?? 0, head: previous && { number: previous.number, hash: previous.hash }, faults };
}

function faultsOf(seal: Seal, previous: Seal | undefined, keyring: Keyring): string[] {
  const block = `Block ${seal.number}`;
  return [
    ...(seal.number === (previous?.number ?? 0) + 1 ? [] : [`The blocks between ${previous?.number ?? 0} and ${seal.number} are missing.`]),
    ...(seal.previous === (previous?.hash ?? '') && seal.from === (previous?.to ?? '0') ? [] : [`${block} does not follow the one before it.`]),
    ...(hashOf(seal) === seal.hash ? [] : [`${block} was changed: it is not what its hash was made of.`]),
    ...(keyring.verifies(seal.hash, seal.signature, PURPOSE) ? [] : [`${block} was not signed with a key of this installation.`]),
  ];
}

const told = ({ number }: Seal, { kind, id }: Difference): string => `Row ${id} was ${kind} after block ${number} was sealed.`;
