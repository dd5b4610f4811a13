import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { unavailable } from '@cairn/kernel';
import type { Pool } from 'pg';
import { Public } from '../auth/auth.guard.js';
import { POOL } from '../database/pool.js';
import { Metrics } from '../metrics/metrics.js';
import { QUEUES, type Queues } from '../work/queues.module.js';

const PATIENCE_MS = 2_000;

const within = async (what: string, check: Promise<unknown>): Promise<void> => {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('late')), PATIENCE_MS).unref());
  await Promise.race([check, late]).catch((cause: unknown) => {
    throw unavailable(`The ${what} does not answer.`, { cause, retryAfter: 5 });
  });
};

/** For the machinery around Cairn: is it alive, can it work, what does it count. */
@ApiTags('Operations')
@Public()
@Controller()
export class HealthController {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(QUEUES) private readonly queues: Queues,
    private readonly metrics: Metrics,
  ) {}

  @Get('health/live')
  @ApiOperation({ summary: 'The process runs' })
  @ApiOkResponse({ description: 'Alive' })
  live(): { status: string } {
    return { status: 'live' };
  }

  @Get('health/ready')
  @ApiOperation({ summary: 'The process can reach its database and its queues' })
  @ApiOkResponse({ description: 'Ready' })
  async ready(): Promise<{ status: string }> {
    await within('database', this.pool.query('select 1'));
    await within('queue', this.queues.events.getJobCountByTypes('waiting'));
    return { status: 'ready' };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ summary: 'Metrics in Prometheus text format' })
  async text(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
