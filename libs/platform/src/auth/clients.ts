import type { JSONWebKeySet } from 'jose';
import type { Pool } from 'pg';
import type { ValidationLevel } from '../tenancy/scope.js';

/** A hospital's system that may ask for tokens. */
export interface Client {
  readonly clientId: string;
  readonly clinicId: string;
  readonly name: string;
  readonly connectionId: string | null;
  readonly jwks: JSONWebKeySet | null;
  readonly jwksUrl: string | null;
  readonly scopes: readonly string[];
  readonly validation: ValidationLevel;
}

/** Finds clients by their id, before a clinic is known. */
export class Clients {
  constructor(private readonly pool: Pool) {}

  /** The client, or undefined when there is none or it is disabled. */
  async find(clientId: string): Promise<Client | undefined> {
    const { rows } = await this.pool.query<Client>({
      name: 'client-find',
      text: `select client_id as "clientId", clinic_id as "clinicId", name, connection_id as "connectionId", jwks, jwks_url as "jwksUrl", scopes, validation
        from client where client_id = $1 and disabled_at is null`,
      values: [clientId],
    });
    return rows[0];
  }

  /** Whether a client of that id was disabled; its tokens are no longer good then. */
  async isDisabled(clientId: string): Promise<boolean> {
    const { rowCount } = await this.pool.query({ name: 'client-disabled', text: 'select 1 from client where client_id = $1 and disabled_at is not null', values: [clientId] });
    return rowCount === 1;
  }
}
