import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PlatformModule, chooseQueueBackend, createLogger, readConfig, type Config } from '@cairn/platform';

/** The database by the role that owns its schema. Refuses when DATABASE_OWNER_URL is missing. */
export function ownerUrl(): string {
  const url = process.env['DATABASE_OWNER_URL'];
  if (!url) throw new Error('DATABASE_OWNER_URL is missing: name the database with the role that owns its schema.');
  return url;
}

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
