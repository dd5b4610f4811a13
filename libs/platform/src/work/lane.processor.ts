import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, type Type } from '@nestjs/common';
import type { Job } from 'bullmq';
import { LOGGER, type Logger } from '../logging/logger.js';
import { DueWorkRegistry, LANES, type DueRow, type Lane } from './due-work.js';

/** Performs the jobs of one lane. Errors are logged, not retried here: the row stays due, and the sweeper rings again. */
export abstract class LaneProcessor extends WorkerHost {
  constructor(
    private readonly registry: DueWorkRegistry,
    private readonly logger: Logger,
  ) {
    super();
  }

  override async process(job: Job<DueRow>): Promise<void> {
    const work = this.registry.find(job.name);
    if (!work) {
      this.logger.error({ event: 'work.unknown', work: job.name });
      return;
    }
    try {
      await work.perform(job.data);
    } catch (error) {
      this.logger.error({ event: 'work.failed', work: job.name, row: job.data.id, error });
    }
  }
}

const processorOf = (lane: Lane, concurrency: number): Type<LaneProcessor> => {
  @Processor(lane, { concurrency })
  class Processing extends LaneProcessor {
    constructor(@Inject(DueWorkRegistry) registry: DueWorkRegistry, @Inject(LOGGER) logger: Logger) {
      super(registry, logger);
    }
  }
  Object.defineProperty(Processing, 'name', { value: `${lane}Processor` });
  return Processing;
};

/** One processor class for each lane. */
export const laneProcessors = (concurrency: number): Type<LaneProcessor>[] => LANES.map((lane) => processorOf(lane, concurrency));
