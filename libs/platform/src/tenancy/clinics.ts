import type { OnApplicationShutdown } from '@nestjs/common';
import { isUuid } from '@cairn/kernel';
import type { Pool } from 'pg';

/** A clinic: the tenant. `zone` is its IANA time zone; `settings` hold what the features let a clinic choose, each under its own key. */
export interface Clinic {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly zone: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

const REREAD_MS = 5_000;

/**
 * Looks clinics up. What it returns may be a few seconds old. Has a connection of its own: transactions look clinics up too, and must not
 * wait for a connection that only another waiting transaction could give back.
 */
export class Clinics implements OnApplicationShutdown {
  readonly #known = new Map<string, { at: number; clinic: Clinic | undefined }>();

  constructor(private readonly pool: Pool) {}

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  /** The clinic with this id or slug, or undefined. */
  async find(idOrSlug: string): Promise<Clinic | undefined> {
    const now = performance.now();
    const known = this.#known.get(idOrSlug);
    if (known && now - known.at < REREAD_MS) return known.clinic;
    const { rows } = await this.pool.query<Clinic>({
      text: `select id, slug, name, zone, settings from clinic where ${isUuid(idOrSlug) ? 'id' : 'slug'} = $1`,
      values: [idOrSlug],
    });
    if (this.#known.size > 1000) this.#known.clear();
    this.#known.set(idOrSlug, { at: now, clinic: rows[0] });
    return rows[0];
  }

  /** The clinic with this id. Throws when there is none: a scope always names one that exists. */
  async get(id: string): Promise<Clinic> {
    const clinic = await this.find(id);
    if (!clinic) throw new Error('The scope names a clinic that does not exist.');
    return clinic;
  }
}
