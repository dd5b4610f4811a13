/**
 * Arrays in PostgreSQL's binary form, for `unnest($1::text[])`. A resource's JSON is full of quotes, each of which the text form would
 * escape on one side and unescape on the other; numbers come along because one statement takes both.
 */
const OID = { int4: 23, int8: 20, float8: 701, text: 25, timestamptz: 1184 } as const;

/** Between 1970, where JavaScript's time begins, and 2000, where PostgreSQL's does. */
const EPOCH_GAP_MS = 946_684_800_000;
const INFINITY = 2n ** 63n - 1n;
const MINUS_INFINITY = -(2n ** 63n);

export const int4s = (values: readonly number[]): Buffer => fixed(OID.int4, 4, values, (buffer, value, at) => buffer.writeInt32BE(value, at));

/** Whole numbers up to 2^53, the most that a JavaScript number holds exactly. */
export const int8s = (values: readonly number[]): Buffer => fixed(OID.int8, 8, values, writeWhole);

/** In two halves: a `bigint` for each number would cost ten times as much. */
function writeWhole(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 2 ** 32);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * 2 ** 32, at + 4);
}

export const float8s = (values: readonly number[]): Buffer => fixed(OID.float8, 8, values, (buffer, value, at) => buffer.writeDoubleBE(value, at));

/** Instants in milliseconds since 1970; infinite values are PostgreSQL's `infinity`. */
export const timestamptzs = (values: readonly number[]): Buffer =>
  fixed(OID.timestamptz, 8, values, (buffer, value, at) => buffer.writeBigInt64BE(microseconds(value), at));

const microseconds = (milliseconds: number): bigint => {
  if (milliseconds === Infinity) return INFINITY;
  if (milliseconds === -Infinity) return MINUS_INFINITY;
  return BigInt(Math.round(milliseconds - EPOCH_GAP_MS)) * 1000n;
};

export function texts(values: readonly string[]): Buffer {
  const size = values.reduce((sum, value) => sum + 4 + Buffer.byteLength(value), 0);
  const buffer = header(OID.text, values.length, size);
  let at = HEADER;
  for (const value of values) {
    const length = buffer.write(value, at + 4);
    buffer.writeInt32BE(length, at);
    at += 4 + length;
  }
  return buffer;
}

const HEADER = 20;

function fixed(oid: number, width: number, values: readonly number[], write: (buffer: Buffer, value: number, at: number) => void): Buffer {
  const buffer = header(oid, values.length, values.length * (4 + width));
  values.forEach((value, index) => {
    const at = HEADER + index * (4 + width);
    buffer.writeInt32BE(width, at);
    write(buffer, value, at + 4);
  });
  return buffer;
}

/** A one-dimensional array without nulls; an empty one has no dimension. */
function header(oid: number, count: number, size: number): Buffer {
  const dimensions = count === 0 ? 0 : 1;
  const buffer = Buffer.allocUnsafe(count === 0 ? 12 : HEADER + size);
  buffer.writeInt32BE(dimensions, 0);
  buffer.writeInt32BE(0, 4);
  buffer.writeInt32BE(oid, 8);
  if (count > 0) {
    buffer.writeInt32BE(count, 12);
    buffer.writeInt32BE(1, 16);
  }
  return buffer;
}
