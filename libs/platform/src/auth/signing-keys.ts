import { createHash } from 'node:crypto';
import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import type { Pool } from 'pg';
import type { Keyring } from '../secrets/keyring.js';

/** What a key signs: Cairn's own tokens and links, or its assertions towards EHRs. */
export type KeyPurpose = 'token' | 'ehr-client';

export interface SigningKey {
  readonly id: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
}

interface KeyRow {
  id: string;
  purpose: KeyPurpose;
  algorithm: string;
  sealed_private: string;
  public: JWK;
  retired: boolean;
}

const ALGORITHM = 'ES384';
const REREAD_MS = 30_000;

/**
 * The instance's key pairs, sealed in the database so that every process signs and verifies alike. The newest key of a purpose signs; older
 * ones verify until they are retired, so that rotation has no gap.
 */
export class SigningKeys {
  #rows: { at: number; read: Promise<KeyRow[]> } | undefined;
  readonly #opened = new Map<string, Promise<SigningKey>>();

  constructor(
    private readonly pool: Pool,
    private readonly keyring: Keyring,
  ) {}

  /** The key that signs for this purpose now; made on first use. */
  async current(purpose: KeyPurpose): Promise<SigningKey> {
    const row = (await this.#read()).find((candidate) => candidate.purpose === purpose && !candidate.retired);
    if (row) return this.#open(row);
    await this.#make(purpose);
    return this.current(purpose);
  }

  /** Makes a new key that signs from now on; the others still verify. Returns its id. */
  async rotate(purpose: KeyPurpose): Promise<string> {
    const { rows } = await this.pool.query<{ id: string }>('update signing_key set retired_at = now() where purpose = $1 and retired_at is null returning id', [purpose]);
    await this.#make(purpose);
    return rows.map((row) => row.id).join(', ');
  }

  /** Public halves, as a JSON Web Key Set. Retired keys stay listed for a day, since what they signed may still be on its way. */
  async jwks(purpose: KeyPurpose): Promise<{ keys: JWK[] }> {
    await this.current(purpose);
    const rows = (await this.#read()).filter((row) => row.purpose === purpose);
    return { keys: rows.map((row) => ({ ...row.public, kid: row.id, alg: row.algorithm, use: 'sig' })) };
  }

  async #read(): Promise<KeyRow[]> {
    const now = performance.now();
    if (!this.#rows || now - this.#rows.at > REREAD_MS) {
      const read = this.pool
        .query<KeyRow>(
          `select id, purpose, algorithm, sealed_private, public, retired_at is not null as retired from signing_key
           where retired_at is null or retired_at > now() - interval '1 day' order by made_at desc`,
        )
        .then((result) => result.rows);
      this.#rows = { at: now, read };
      read.catch(() => (this.#rows = undefined));
    }
    return this.#rows.read;
  }

  #open(row: KeyRow): Promise<SigningKey> {
    let opened = this.#opened.get(row.id);
    if (!opened) {
      const jwk = JSON.parse(this.keyring.open(row.sealed_private, `signing-key/${row.id}`)) as JWK;
      opened = importJWK(jwk, row.algorithm).then((key) => ({ id: row.id, algorithm: row.algorithm, privateKey: key as CryptoKey }));
      this.#opened.set(row.id, opened);
    }
    return opened;
  }

  async #make(purpose: KeyPurpose): Promise<void> {
    const pair = await generateKeyPair(ALGORITHM, { extractable: true });
    const publicJwk = await exportJWK(pair.publicKey);
    const id = createHash('sha256').update(JSON.stringify(publicJwk)).digest('base64url').slice(0, 16);
    const sealed = this.keyring.seal(JSON.stringify(await exportJWK(pair.privateKey)), `signing-key/${id}`);
    const client = await this.pool.connect();
    try {
      // Two processes that start together must not make two: the second waits here and then finds the first one's key.
      await client.query('begin');
      await client.query(`select pg_advisory_xact_lock(hashtext('signing-key/' || $1))`, [purpose]);
      const { rowCount } = await client.query('select 1 from signing_key where purpose = $1 and retired_at is null', [purpose]);
      if (rowCount === 0) {
        await client.query('insert into signing_key (id, purpose, algorithm, sealed_private, public) values ($1, $2, $3, $4, $5)', [id, purpose, ALGORITHM, sealed, publicJwk]);
      }
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
    this.#rows = undefined;
  }
}
