import { announceReady, createLogger, readConfig, stopCleanly } from '@cairn/platform';
import { createWorker } from './create-worker.js';
import { serveHealth } from './health-server.js';

try {
  const config = readConfig(process.env);
  const logger = createLogger(config.LOG_LEVEL, 'worker');
  const worker = await createWorker(config, logger);
  stopCleanly(worker, logger);
  if (config.WORKER_HEALTH_PORT !== undefined) await serveHealth(worker, config.HOST, config.WORKER_HEALTH_PORT);
  logger.info({ event: 'process.ready' });
  announceReady({});
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
