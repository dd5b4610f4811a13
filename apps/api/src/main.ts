import { announceReady, createLogger, readConfig, stopCleanly } from '@cairn/platform';
import { createApi } from './create-api.js';

try {
  const config = readConfig(process.env);
  const logger = createLogger(config.LOG_LEVEL, 'api');
  const app = await createApi(config, logger);
  stopCleanly(app, logger);
  await app.listen(config.PORT, config.HOST);
  const address = `http://${config.HOST}:${config.PORT}`;
  logger.info({ event: 'process.ready', address });
  announceReady({ api: address });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
