import { destination, pino, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Injection token for the process's logger. */
export const LOGGER = Symbol('Logger');

/** What a log line may say of an error: its kind and where it arose. Messages of foreign errors can quote data, so they are left out. */
const errorFacts = (error: unknown): Record<string, unknown> => {
  if (!(error instanceof Error)) return { name: typeof error };
  const facts: Record<string, unknown> = { name: error.name };
  if ('kind' in error) Object.assign(facts, { kind: error.kind, message: error.message });
  if ('code' in error && typeof error.code === 'string') facts['code'] = error.code;
  if ('constraint' in error && typeof error.constraint === 'string') facts['constraint'] = error.constraint;
  facts['stack'] = error.stack?.split('\n').filter((line) => line.startsWith('    at ')).slice(0, 8).map((line) => line.trim());
  return facts;
};

/** What waits to be written, in bytes, when nobody reads the output; lines beyond are dropped. */
const MAX_WAITING = 16 * 1024 * 1024;

/**
 * JSON lines on standard output. Callers log an `event` name, ids of Cairn's own rows and numbers; never a name, a date of birth, a
 * message's text, a query string or a body.
 *
 * Work doesn't wait for its lines to be written. A process that ends writes what is left; one that is killed may lose its last lines.
 */
export const createLogger = (level: string, process: string): Logger =>
  pino(
    { level, base: { process }, timestamp: pino.stdTimeFunctions.isoTime, serializers: { error: errorFacts, err: errorFacts } },
    destination({ dest: 1, sync: false, maxLength: MAX_WAITING }),
  );
