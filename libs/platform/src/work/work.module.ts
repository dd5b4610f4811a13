import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { EventHandlingWork } from '../outbox/event-handling.work.js';
import { OutboxRelay } from '../outbox/outbox-relay.js';
import { DueWorkRegistry } from './due-work.js';
import { laneProcessors } from './lane.processor.js';
import { Sweeper } from './sweeper.js';

/** What makes a process a worker: the sweeper that rings, and a processor for each lane. */
@Module({})
export class WorkModule implements OnModuleInit {
  constructor(
    private readonly registry: DueWorkRegistry,
    private readonly handling: EventHandlingWork,
  ) {}

  static forRoot({ concurrency }: { concurrency: number }): DynamicModule {
    return { module: WorkModule, providers: [OutboxRelay, EventHandlingWork, Sweeper, ...laneProcessors(concurrency)] };
  }

  onModuleInit(): void {
    this.registry.register(this.handling);
  }
}
