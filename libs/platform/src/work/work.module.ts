import { Inject, Module, type BeforeApplicationShutdown, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { AuditSealing } from '../audit/audit-sealing.work.js';
import { EventHandlingWork } from '../outbox/event-handling.work.js';
import { OutboxRelay } from '../outbox/outbox-relay.js';
import { DueWorkRegistry } from './due-work.js';
import { laneProcessors, type LaneProcessor } from './lane.processor.js';
import { Sweeper } from './sweeper.js';

const PROCESSORS = Symbol('LaneProcessors');

/** What makes a process a worker: the sweeper that rings, and a processor for each lane. */
@Module({})
export class WorkModule implements OnModuleInit, BeforeApplicationShutdown {
  constructor(
    private readonly registry: DueWorkRegistry,
    private readonly handling: EventHandlingWork,
    private readonly sweeper: Sweeper,
    @Inject(PROCESSORS) private readonly processors: readonly LaneProcessor[],
  ) {}

  static forRoot({ concurrency }: { concurrency: number }): DynamicModule {
    const processors = laneProcessors(concurrency);
    const all = { provide: PROCESSORS, inject: processors, useFactory: (...lanes: LaneProcessor[]) => lanes };
    return { module: WorkModule, providers: [OutboxRelay, EventHandlingWork, AuditSealing, Sweeper, ...processors, all] };
  }

  onModuleInit(): void {
    this.registry.register(this.handling);
  }

  /** First nothing new is rung, then what runs is finished; only after that may queues and database close. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.sweeper.stop();
    await Promise.all(this.processors.map((processor) => processor.worker.close()));
  }
}
