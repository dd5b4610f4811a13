import { v7, validate } from 'uuid';
import { RealClock } from './clock.js';

/** Random bytes are drawn for many ids at once: to draw them costs more than all else about an id. */
const pool = new Uint8Array(16 * 256);
let drawn = pool.length;
/** Never the demo's clock: an id tells when its row was made. */
const clock = new RealClock();
const last = { msecs: 0, seq: 0 };

/** A new identifier: UUIDv7, so that rows made together lie together in an index. Each of this process is greater than all before it. */
export function newId(): string {
  if (drawn === pool.length) {
    crypto.getRandomValues(pool);
    drawn = 0;
  }
  const random = pool.subarray(drawn, (drawn += 16));
  const now = clock.now().getTime();
  // RFC 9562, 6.2: a counter, which begins at random each millisecond, keeps the order within it.
  if (now > last.msecs) {
    last.msecs = now;
    last.seq = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1;
  } else {
    last.seq = (last.seq + 1) >>> 0;
    if (last.seq === 0) last.msecs++;
  }
  return v7({ random, msecs: last.msecs, seq: last.seq });
}

/** Whether the text is a UUID of any version. */
export const isUuid = (text: string): boolean => validate(text);
