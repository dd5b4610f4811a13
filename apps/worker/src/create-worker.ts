import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { NestLogger, chooseQueueBackend, type Config, type Logger } from '@cairn/platform';

/** Builds and starts the worker. Used by `main` and by tests alike. */
export async function createWorker(config: Config, logger: Logger): Promise<INestApplicationContext> {
  chooseQueueBackend(config);
  const { WorkerModule } = await import('./worker.module.js');
  return NestFactory.createApplicationContext(WorkerModule.forRoot(config, logger), { logger: new NestLogger(logger), abortOnError: false });
}
