import { announceReady, createLogger, readConfig, stopCleanly } from '@cairn/platform';
import { createWorker } from './create-worker.js';

try {
  const config = readConfig(process.env);
  const logger = createLogger(config.LOG_LEVEL, 'worker');
  stopCleanly(await createWorker(config, logger), logger);
  logger.info({ event: 'process.ready' });
  announceReady({});
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
