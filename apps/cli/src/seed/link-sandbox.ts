import type { INestApplicationContext } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { EhrConnections, registerClient } from '@cairn/ehr';
import { Clinics, cairnScope } from '@cairn/platform';

/** What the sandbox hospital may do at Cairn's /fhir. */
const HOSPITAL_SCOPES = 'system/*.cruds';

/**
 * Links the demo clinic with the sandbox hospital, both ways: Cairn's connection to it, and its client here. May run again: the hospital's
 * address changes when its port does.
 */
export async function linkSandbox(app: INestApplicationContext, ownerUrl: string, sandboxUrl: string): Promise<void> {
  const clinic = await app.get(Clinics).find('demo');
  if (!clinic) throw new Error('The demo clinic is not there.');
  const name = 'Sandbox hospital';
  await app.get(EhrConnections).put(cairnScope(clinic.id, 'seed', newId()), { name, baseUrl: `${sandboxUrl}/fhir`, clientId: 'cairn', dialect: 'bser-stu2', taskHost: 'cairn' });
  await registerClient(ownerUrl, {
    clinic: clinic.id,
    clientId: 'sandbox-hospital',
    name,
    sees: { connection: name },
    keys: { jwksUrl: `${sandboxUrl}/jwks.json` },
    scopes: HOSPITAL_SCOPES,
    allowHttp: true,
  });
}
