import type { INestApplicationContext } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PlatformModule, chooseQueueBackend, createLogger, readConfig, type Config } from '@cairn/platform';

/** Runs a command with the features it needs, and closes everything behind it whatever happens. */
export async function withFeatures<T>(work: (app: INestApplicationContext, config: Config) => Promise<T>): Promise<T> {
  const config = readConfig(process.env);
  chooseQueueBackend(config);
  const { entities, featureModules } = await import('../../features.js');
  @Module({ imports: [PlatformModule.forRoot({ config, logger: createLogger('error', 'cli'), entities }), ...featureModules] })
  class CommandModule {}
  const app = await NestFactory.createApplicationContext(CommandModule, { logger: ['error'], abortOnError: false });
  try {
    return await work(app, config);
  } finally {
    await app.close();
  }
}
