import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { chooseQueueBackend, createHttpServer, type Config, type Logger } from '@cairn/platform';
import { serveOpenApi } from './openapi.js';

/** Builds the API, ready to listen. Used by `main` and by tests alike. */
export async function createApi(config: Config, logger: Logger): Promise<NestFastifyApplication> {
  chooseQueueBackend(config);
  const { ApiModule } = await import('./app.module.js');
  const app = await createHttpServer(ApiModule.forRoot(config, logger), logger);
  serveOpenApi(app, config);
  return app;
}
