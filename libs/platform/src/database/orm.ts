import { MikroORM, type EntitySchema } from '@mikro-orm/postgresql';
import type { Config } from '../config/config.js';

/** Entities of a feature, as `defineEntity` returns them. */
export type Entities = readonly (EntitySchema | (new () => object))[];

/** The ORM over the features' entities. It never opens a transaction of its own: `Tx.em` joins one. */
export const createOrm = (config: Pick<Config, 'DATABASE_URL'>, entities: Entities): Promise<MikroORM> =>
  MikroORM.init({
    clientUrl: config.DATABASE_URL,
    entities: [...entities],
    discovery: { warnWhenNoEntities: false },
    pool: { min: 0, max: 2 },
    forceUtcTimezone: true,
    implicitTransactions: false,
    ensureDatabase: false,
  });
