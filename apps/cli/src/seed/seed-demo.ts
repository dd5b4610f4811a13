import pg from 'pg';
import { newId } from '@cairn/kernel';

/** The demo clinic. Its public name is neutral: a name with "pain" in it would tell on a patient's screen what kind of clinic writes. */
export const DEMO_CLINIC = { slug: 'demo', name: 'Harbour Street Clinic', zone: 'America/New_York' } as const;

/** Makes the demo clinic unless it is there. Returns its slug. Needs DATABASE_OWNER_URL: clinics are made by the schema's owner. */
export async function seedDemo(environment: Record<string, string | undefined>): Promise<{ clinic: string }> {
  const ownerUrl = environment['DATABASE_OWNER_URL'];
  if (!ownerUrl) throw new Error('DATABASE_OWNER_URL is missing: name the database with the role that owns its schema.');
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query('insert into clinic (id, slug, name, zone) values ($1, $2, $3, $4) on conflict (slug) do nothing', [
      newId(),
      DEMO_CLINIC.slug,
      DEMO_CLINIC.name,
      DEMO_CLINIC.zone,
    ]);
  } finally {
    await client.end();
  }
  return { clinic: DEMO_CLINIC.slug };
}
