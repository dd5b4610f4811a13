import { invalid, isUuid, notFound, type Issue } from '@cairn/kernel';
import type { ValidationLevel } from '@cairn/platform';
import { importJWK, type JWK } from 'jose';
import pg from 'pg';
import { z } from 'zod';
import { firstOddScope } from './smart-scope.js';

const publicKey = z.looseObject({ kty: z.enum(['RSA', 'EC']), kid: z.string().min(1), alg: z.enum(['RS384', 'ES384']).optional() });
const keySet = z.object({ keys: z.array(publicKey).min(1).max(20) });

/** Members of a JSON Web Key that only its owner may know (RFC 7518, 6.2.2 and 6.3.2). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const CLIENT_ID = /^[A-Za-z0-9._:-]{3,120}$/;

/** A hospital's system that shall be able to ask Cairn for tokens. */
export interface ClientWish {
  /** Slug or id of the clinic. */
  readonly clinic: string;
  /** What Cairn calls the client: `iss` and `sub` of its assertions. */
  readonly clientId: string;
  readonly name: string;
  /** Name or id of the connection whose patients it may see; `every-patient` for one that sees all patients of the clinic. */
  readonly sees: { readonly connection: string } | 'every-patient';
  /** Its public keys, by address or as a JSON Web Key Set. */
  readonly keys: { readonly jwksUrl: string } | { readonly jwks: unknown };
  /** SMART scopes that it may be granted, separated by blanks. */
  readonly scopes: string;
  /** How its resources are judged; `strict` where nothing is said. */
  readonly validation?: ValidationLevel;
  /** Plain http for the key address, in demo mode. */
  readonly allowHttp: boolean;
}

/**
 * Registers a client, or renews the registration of the same client id in the same clinic. Runs as the role that owns the schema: the
 * application itself may only read clients, so that nobody who gets hold of it can let themselves in. Refuses, naming the field: an id in
 * use by another clinic, private keys, keys of other kinds than RS384 and ES384, a key address without https, scopes that are none.
 */
export async function registerClient(ownerUrl: string, wish: ClientWish): Promise<void> {
  await check(wish);
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const clinicId = await clinicOf(client, wish.clinic);
    const connectionId = wish.sees === 'every-patient' ? null : await connectionOf(client, clinicId, wish.sees.connection);
    const { rowCount } = await client.query(
      `insert into client (client_id, clinic_id, name, connection_id, jwks, jwks_url, scopes, validation) values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (client_id) do update
        set name = excluded.name, connection_id = excluded.connection_id, jwks = excluded.jwks, jwks_url = excluded.jwks_url, scopes = excluded.scopes, validation = excluded.validation,
          disabled_at = null
        where client.clinic_id = excluded.clinic_id`,
      [
        wish.clientId,
        clinicId,
        wish.name,
        connectionId,
        'jwks' in wish.keys ? JSON.stringify(keySet.parse(wish.keys.jwks)) : null,
        'jwksUrl' in wish.keys ? wish.keys.jwksUrl : null,
        wish.scopes.split(/\s+/).filter(Boolean),
        wish.validation ?? 'strict',
      ],
    );
    if (rowCount === 0) throw invalid('This client id is in use.', { code: 'client-id-taken', issues: [{ path: 'clientId', message: 'Choose another: it belongs to another clinic.' }] });
  } finally {
    await client.end();
  }
}

async function check({ clientId, name, keys, scopes, allowHttp }: ClientWish): Promise<void> {
  const issues: Issue[] = [];
  if (!CLIENT_ID.test(clientId)) issues.push({ path: 'clientId', message: 'Use 3 to 120 letters, digits, dots, hyphens, colons or underscores.' });
  if (!name.trim()) issues.push({ path: 'name', message: 'Give a name that people recognise.' });
  const odd = firstOddScope(scopes);
  if (!scopes.trim()) issues.push({ path: 'scopes', message: 'Name at least one scope, such as system/ServiceRequest.cruds.' });
  if (odd) issues.push({ path: 'scopes', message: `"${odd}" is no SMART system scope; write system/Type.read or system/Type.rs.` });
  if ('jwksUrl' in keys) {
    const url = URL.canParse(keys.jwksUrl) ? new URL(keys.jwksUrl) : undefined;
    if (!url || !(url.protocol === 'https:' || (allowHttp && url.protocol === 'http:'))) issues.push({ path: 'jwksUrl', message: 'Give the address of the key set in full; it must begin with https://.' });
  } else {
    issues.push(...(await keyIssues(keys.jwks)));
  }
  if (issues.length > 0) throw invalid('The client is not described well.', { code: 'client', issues });
}

async function keyIssues(jwks: unknown): Promise<Issue[]> {
  const parsed = keySet.safeParse(jwks);
  if (!parsed.success) return [{ path: 'jwks', message: 'Give a JSON Web Key Set with keys of kind RSA or EC, each with a kid.' }];
  const issues: Issue[] = [];
  for (const [index, key] of parsed.data.keys.entries()) {
    const path = `jwks.keys.${index}`;
    if (PRIVATE_MEMBERS.some((member) => member in key)) issues.push({ path, message: 'This is a private key. Send the public half only, and replace this key: it has been shown.' });
    else if (!(await isUsable(key))) issues.push({ path, message: 'This key does not serve for RS384 (RSA) or ES384 (curve P-384).' });
  }
  return issues;
}

async function isUsable(key: z.infer<typeof publicKey>): Promise<boolean> {
  const algorithm = key.kty === 'RSA' ? 'RS384' : 'ES384';
  if (key.alg !== undefined && key.alg !== algorithm) return false;
  return importJWK(key as JWK, algorithm).then(
    () => true,
    () => false,
  );
}

async function clinicOf(client: pg.Client, clinic: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>(`select id from clinic where ${isUuid(clinic) ? 'id' : 'slug'} = $1`, [clinic]);
  if (!rows[0]) throw notFound(`The clinic "${clinic}"`);
  return rows[0].id;
}

/** The owner's role stands above row-level security, so the clinic is named here. */
async function connectionOf(client: pg.Client, clinicId: string, nameOrId: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>('select id from ehr_connection where clinic_id = $1 and (name = $2 or id::text = $2)', [clinicId, nameOrId]);
  if (!rows[0]) throw notFound(`The connection "${nameOrId}"`);
  return rows[0].id;
}
