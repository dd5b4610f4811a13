import type { Actor, Reading } from '@cairn/platform';

/** What an export's client may have by now: it may have been disabled, or have lost scopes, since it asked. */
interface Registered {
  readonly scopes: readonly string[];
  readonly disabled: boolean;
}

async function registered(tx: Reading, clientId: string): Promise<Registered | undefined> {
  const [client] = await tx.query<Registered>({
    name: 'fhir-export-client',
    text: 'select scopes, disabled_at is not null as disabled from client where client_id = $1 and clinic_id = $2',
    values: [clientId, tx.scope.clinicId],
  });
  return client;
}

/**
 * The actor as it may act now: a client, with those of its scopes that it still holds. Undefined for one that was disabled. People, and the
 * clients of demo mode, which need no registration, are as they were.
 */
export async function actorNow(tx: Reading, actor: Actor): Promise<Actor | undefined> {
  if (actor.kind !== 'system') return actor;
  const client = await registered(tx, actor.id);
  if (!client) return actor;
  return client.disabled ? undefined : { ...actor, scopes: actor.scopes.filter((scope) => client.scopes.includes(scope)) };
}
