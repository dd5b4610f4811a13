import { appendFileSync, closeSync, createReadStream, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Resource } from '@medplum/fhirtypes';
import type { WithId } from '@medplum/core';

/** One accepted change: a version that was stored, or the reference of what was deleted. */
export type Change = { put: WithId<Resource> } | { remove: string };

/**
 * The hospital's memory on disk: one line per accepted write (a transaction is one line), appended before the write is answered.
 * A line that a kill cut short was never answered, so it is dropped on reading.
 */
export class Journal {
  private readonly file: number;

  constructor(private readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
    const cutShort = existsSync(path);
    this.file = openSync(path, 'a', 0o600);
    if (cutShort) appendFileSync(this.file, '\n');
  }

  append(changes: readonly Change[]): void {
    appendFileSync(this.file, `${JSON.stringify(changes)}\n`);
  }

  /** Yields every write of earlier runs, oldest first. */
  async *read(): AsyncGenerator<Change[]> {
    for await (const line of createInterface({ input: createReadStream(this.path), crlfDelay: Infinity })) {
      const changes = parseLine(line);
      if (changes) yield changes;
    }
  }

  close(): void {
    closeSync(this.file);
  }
}

function parseLine(line: string): Change[] | undefined {
  try {
    return JSON.parse(line) as Change[];
  } catch {
    return undefined;
  }
}
