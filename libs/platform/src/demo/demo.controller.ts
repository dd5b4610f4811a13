import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { Needs } from '../auth/auth.guard.js';
import { CLOCK, DemoClock } from '../clock/movable-clock.js';
import { withExample } from '../http/with-example.js';

const isForward = (text: string): boolean => {
  try {
    return Temporal.Duration.from(text).sign >= 0;
  } catch {
    return false;
  }
};

const advance = withExample(z.object({ by: z.string().refine(isForward, 'must be an ISO 8601 duration that is not negative, such as PT2M or P84D') }), { by: 'PT2M' });

const inMilliseconds = (text: string): number => Temporal.Duration.from(text).total({ unit: 'millisecond', relativeTo: '2026-01-01' });

/** Moves time. Registered in demo mode only: elsewhere these routes do not exist. */
@ApiTags('Demo')
@Controller('api/v1/demo/clock')
export class DemoController {
  constructor(@Inject(CLOCK) private readonly clock: DemoClock) {}

  @Get()
  @Needs('demo.clock')
  @ApiOperation({ summary: "The demo's time" })
  @ApiOkResponse({ description: 'The present instant of the demo', example: { now: '2026-11-22T10:00:00.000Z' } })
  async now(): Promise<{ now: string }> {
    await this.clock.refresh();
    return { now: this.clock.now().toISOString() };
  }

  @Post()
  @HttpCode(200)
  @Needs('demo.clock')
  @ApiOperation({ summary: 'Move the clock of every process forward' })
  @ApiOkResponse({ description: 'The new instant', example: { now: '2026-11-22T10:02:00.000Z' } })
  async advance(@Body({ schema: advance }) { by }: z.infer<typeof advance>): Promise<{ now: string }> {
    return { now: (await this.clock.advance(inMilliseconds(by))).toISOString() };
  }
}
