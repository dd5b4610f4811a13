import type { INestApplicationContext } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { ClinicSeed, DEMO_CONTACT, DEMO_TEAM } from '@cairn/people';
import { Clinics, Transactions, cairnScope } from '@cairn/platform';
import pg from 'pg';

/** The demo clinic. Its public name is neutral: a name with "pain" in it would tell on a patient's screen what kind of clinic writes. */
const DEMO_CLINIC = {
  slug: 'demo',
  name: DEMO_CONTACT.neutralName,
  zone: 'America/New_York',
  settings: {
    contact: DEMO_CONTACT,
    referrals: { organisation: { identifiers: [{ system: 'https://cairn.example/clinics', value: 'demo' }], phone: DEMO_CONTACT.phone } },
  },
};

/** Makes the demo clinic unless it is there. Returns its id. Needs the owner's role: clinics are not made by the application. */
export async function makeDemoClinic(ownerUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      `insert into clinic (id, slug, name, zone, settings) values ($1, $2, $3, $4, $5)
       on conflict (slug) do update set settings = excluded.settings || clinic.settings returning id`,
      [newId(), DEMO_CLINIC.slug, DEMO_CLINIC.name, DEMO_CLINIC.zone, DEMO_CLINIC.settings],
    );
    return rows[0]?.id ?? '';
  } finally {
    await client.end();
  }
}

/** Puts the demo clinic's Organization and team into its FHIR store. May run again. */
export async function plantDemoTeam(app: INestApplicationContext): Promise<void> {
  const clinic = await app.get(Clinics).find(DEMO_CLINIC.slug);
  if (!clinic) throw new Error('The demo clinic is not there.');
  await app.get(Transactions).run(cairnScope(clinic.id, 'seed', newId()), (tx) => app.get(ClinicSeed).plant(tx, DEMO_TEAM));
}
