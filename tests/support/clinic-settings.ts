import pg from 'pg';
import type { TestApp } from './app.js';

/** Adds to the settings of the demo clinic, as an operator would. Running processes take them up within a few seconds. */
export async function setClinic(app: TestApp, settings: object): Promise<void> {
  const client = new pg.Client({ connectionString: app.database.ownerUrl });
  await client.connect();
  try {
    await client.query('update clinic set settings = settings || $2 where id = $1', [app.clinicId, settings]);
  } finally {
    await client.end();
  }
}
