import pg from 'pg';
import type { TestApp } from './app.js';

/** Runs one statement as the schema's owner, as an operator could. Row-level security does not apply. */
export async function asOwner(app: TestApp, text: string, values: readonly unknown[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: app.database.ownerUrl });
  await client.connect();
  try {
    await client.query(text, [...values]);
  } finally {
    await client.end();
  }
}

/** Adds to the settings of the demo clinic, as an operator would. Running processes take them up within a few seconds. */
export const setClinic = (app: TestApp, settings: object): Promise<void> => asOwner(app, 'update clinic set settings = settings || $2 where id = $1', [app.clinicId, settings]);
