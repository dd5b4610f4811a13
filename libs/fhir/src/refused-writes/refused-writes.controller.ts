import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, type Scope } from '@cairn/platform';
import { z } from 'zod';
import { REFUSED_WRITE_STATES, dismissalBody, refusedWriteQuery, replayBody, type ReasonBody, type RefusedWriteQuery } from './refused-write.dto.js';
import { RefusedWriteDesk, type RefusedWritePage } from './refused-write-desk.js';
import { RefusedWriteReplay } from './refused-write-replay.js';
import type { RefusedWriteView } from './refused-write-view.js';

const uuid = z.uuid();

/** Writes of hospitals' systems that were refused and may have carried a referral: what a sender overlooks must not lose a patient. */
@ApiTags('EHR connections')
@Controller('api/v1/refused-writes')
export class RefusedWriteController {
  constructor(
    private readonly desk: RefusedWriteDesk,
    private readonly replays: RefusedWriteReplay,
  ) {}

  @Get()
  @Needs('refusal.read')
  @ApiOperation({ summary: 'Refused writes that may have carried a referral, newest first, redacted' })
  @ApiQuery({ name: 'state', required: false, enum: REFUSED_WRITE_STATES, example: 'kept' })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'A page of refused writes, each with its problem in a sentence; `next` is absent on the last' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: refusedWriteQuery }) query: RefusedWriteQuery): Promise<RefusedWritePage> {
    return this.desk.list(scope, query);
  }

  @Get(':id')
  @Needs('refusal.read')
  @ApiOperation({ summary: 'One refused write with its outcome; coordinators also see what was sent' })
  @ApiOkResponse({ description: 'The refused write; without `request` and `result` for hospital IT' })
  async one(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string): Promise<RefusedWriteView> {
    return this.desk.one(scope, id);
  }

  @Post(':id/replay')
  @HttpCode(200)
  @Needs('refusal.replay')
  @ApiOperation({ summary: 'Do again what was refused, as the client that sent it, once the cause is mended' })
  @ApiOkResponse({ description: 'The refused write as it stands now: `replayed`, or still `kept` with the new outcome' })
  async replay(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Body({ schema: replayBody }) { reason }: ReasonBody): Promise<RefusedWriteView> {
    await this.replays.replay(scope, id, reason);
    return this.desk.one(scope, id);
  }

  @Post(':id/dismissal')
  @HttpCode(200)
  @Needs('refusal.replay')
  @ApiOperation({ summary: 'Set a refused write aside that needs nothing more, such as one registered by hand' })
  @ApiOkResponse({ description: 'The refused write as it stands now' })
  async dismiss(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Body({ schema: dismissalBody }) { reason }: ReasonBody): Promise<RefusedWriteView> {
    await this.desk.dismiss(scope, id, reason);
    return this.desk.one(scope, id);
  }
}
