import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Clock } from '@cairn/kernel';
import type { Pool } from 'pg';
import { AuditWriter } from './audit/audit-writer.js';
import { AuthGuard } from './auth/auth.guard.js';
import { Authenticator } from './auth/authenticator.js';
import { Clients } from './auth/clients.js';
import { OAuthController } from './auth/oauth.controller.js';
import { SigningKeys } from './auth/signing-keys.js';
import { TokenService } from './auth/token.service.js';
import { CLOCK, DemoClock, SteadyClock, type MovableClock } from './clock/movable-clock.js';
import { CONFIG, type Config } from './config/config.js';
import { checkInstance } from './database/instance.js';
import { createOrm, type Entities } from './database/orm.js';
import { POOL, createPool } from './database/pool.js';
import { Transactions } from './database/tx.js';
import { DemoController } from './demo/demo.controller.js';
import { HealthController } from './health/health.controller.js';
import { LOGGER, type Logger } from './logging/logger.js';
import { OpenLoops } from './loops/open-loops.js';
import { Metrics } from './metrics/metrics.js';
import { EventHandlers } from './outbox/event-handlers.js';
import { OutsideHttp } from './outside/outside-http.js';
import { KEYRING, Keyring } from './secrets/keyring.js';
import { Clinics } from './tenancy/clinics.js';
import { DueWorkRegistry } from './work/due-work.js';
import { QueuesModule } from './work/queues.module.js';

export interface PlatformOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** All entities of the features that this process loads. */
  readonly entities: Entities;
}

/** Each writes for one clinic at a time, several accesses at once. */
const AUDIT_CONNECTIONS = 2;

/** What every process stands on: settings, database, clock, tokens, queues, registries. Global: features inject from it without importing it. */
@Global()
@Module({})
export class PlatformModule implements OnApplicationShutdown {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    private readonly orm: MikroORM,
  ) {}

  static forRoot({ config, logger, entities }: PlatformOptions): DynamicModule {
    const shared = [CONFIG, LOGGER, POOL, CLOCK, KEYRING, MikroORM, Transactions, AuditWriter, SigningKeys, Clients, TokenService, Authenticator, Clinics, Metrics, EventHandlers, DueWorkRegistry, OutsideHttp, OpenLoops];
    return {
      module: PlatformModule,
      imports: [QueuesModule],
      controllers: [HealthController, OAuthController, ...(config.CAIRN_MODE === 'demo' ? [DemoController] : [])],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        {
          provide: POOL,
          useFactory: async () => {
            const pool = createPool(config.DATABASE_URL, config.DATABASE_POOL_SIZE, logger);
            await checkInstance(pool, config);
            return pool;
          },
        },
        {
          provide: CLOCK,
          inject: [POOL],
          useFactory: async (pool: Pool): Promise<MovableClock> => {
            const clock = config.CAIRN_MODE === 'demo' ? new DemoClock(pool) : new SteadyClock();
            await clock.refresh();
            return clock;
          },
        },
        { provide: KEYRING, useFactory: () => new Keyring(config.CAIRN_SECRET_KEYS) },
        { provide: MikroORM, useFactory: () => createOrm(config, entities) },
        { provide: Transactions, inject: [POOL, MikroORM, CLOCK], useFactory: (pool: Pool, orm: MikroORM, clock: Clock) => new Transactions(pool, orm, clock) },
        { provide: AuditWriter, useFactory: () => new AuditWriter(createPool(config.DATABASE_URL, AUDIT_CONNECTIONS, logger, '-c synchronous_commit=off -c plan_cache_mode=force_generic_plan')) },
        { provide: SigningKeys, inject: [POOL, KEYRING], useFactory: (pool: Pool, keyring: Keyring) => new SigningKeys(pool, keyring) },
        { provide: Clients, inject: [POOL], useFactory: (pool: Pool) => new Clients(pool) },
        TokenService,
        Authenticator,
        { provide: Clinics, useFactory: () => new Clinics(createPool(config.DATABASE_URL, 1, logger)) },
        Metrics,
        EventHandlers,
        DueWorkRegistry,
        OutsideHttp,
        OpenLoops,
        { provide: APP_GUARD, useClass: AuthGuard },
      ],
      exports: [...shared, QueuesModule],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.orm.close(true);
    await this.pool.end();
  }
}
