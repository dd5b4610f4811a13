import { createHash } from 'node:crypto';

/** A row as the chain sees it: its place and its content, as PostgreSQL writes both. */
export interface Leaf {
  readonly xact: string;
  readonly id: string;
  readonly content: string;
}

/** What a block of the chain says. */
export interface SealFacts {
  readonly clinicId: string;
  readonly number: number;
  /** The transactions whose rows it holds: from this one up to, but without, the other. */
  readonly from: string;
  readonly to: string;
  /** Id and fingerprint of each row, in order. */
  readonly leaves: Buffer;
  /** Hash of the block before; empty for the first. */
  readonly previous: string;
}

const ID_BYTES = 16;
const PRINT_BYTES = 16;
const LEAF_BYTES = ID_BYTES + PRINT_BYTES;

const printOf = ({ id, content }: Leaf): Buffer => createHash('sha256').update(`${id}\n${content}`).digest().subarray(0, PRINT_BYTES);

const idBytes = (id: string): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex');

/** Ids and fingerprints of the rows, in their order. */
export const leavesOf = (rows: readonly Leaf[]): Buffer => Buffer.concat(rows.flatMap((row) => [idBytes(row.id), printOf(row)]));

/** How many rows the leaves stand for. */
export const countOf = (leaves: Buffer): number => leaves.length / LEAF_BYTES;

/** The hash that the next block refers to. */
export function hashOf({ clinicId, number, from, to, leaves, previous }: SealFacts): string {
  const head = JSON.stringify([clinicId, number, from, to, countOf(leaves), previous]);
  return createHash('sha256').update(head).update('\n').update(leaves).digest('hex');
}

/** What differs between a block and the rows that now stand in its place. */
export interface Difference {
  readonly kind: 'changed' | 'removed' | 'inserted';
  readonly id: string;
}

/** Compares the rows of a block with what was sealed. */
export function differences(leaves: Buffer, rows: readonly Leaf[]): Difference[] {
  const sealed = new Map<string, Buffer>();
  for (let at = 0; at < leaves.length; at += LEAF_BYTES) sealed.set(leaves.subarray(at, at + ID_BYTES).toString('hex'), leaves.subarray(at + ID_BYTES, at + LEAF_BYTES));
  const found: Difference[] = [];
  for (const row of rows) {
    const key = row.id.replaceAll('-', '');
    const print = sealed.get(key);
    if (!print) found.push({ kind: 'inserted', id: row.id });
    else if (!print.equals(printOf(row))) found.push({ kind: 'changed', id: row.id });
    sealed.delete(key);
  }
  return [...found, ...[...sealed.keys()].map((key): Difference => ({ kind: 'removed', id: dashed(key) }))];
}

const dashed = (hex: string): string => [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
