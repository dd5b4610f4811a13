import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import { answerBody, cancellationBody, reminderQuery, type AnswerBody, type CancellationBody, type ReminderQuery } from './reminder.dto.js';
import { ReminderDesk } from './reminder-desk.service.js';
import { ReminderQueries, type Page, type ReminderHistory, type ReminderView } from './reminder.queries.js';
import { REMINDER_STATES } from './reminder.workflow.js';

/** Reminders as coordinators and clinicians see them. */
@ApiTags('Reminders')
@Controller('api/v1/reminders')
export class ReminderController {
  constructor(
    private readonly queries: ReminderQueries,
    private readonly desk: ReminderDesk,
  ) {}

  @Get()
  @Needs('reminder.read')
  @ApiOperation({ summary: 'Reminders, newest first, of one patient or in one state' })
  @ApiQuery({ name: 'patient', required: false })
  @ApiQuery({ name: 'state', required: false, enum: REMINDER_STATES })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'A page of reminders' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: reminderQuery }) query: ReminderQuery): Promise<Page<ReminderView>> {
    return this.queries.list(scope, query);
  }

  @Get(':id')
  @Needs('reminder.read')
  @ApiOperation({ summary: 'One reminder with its history: every step, what became of it on each channel, who was asked to see to it' })
  @ApiOkResponse({ description: 'The reminder; the ETag is what a change must name' })
  async one(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReminderHistory> {
    return this.#answered(scope, id, reply);
  }

  @Post(':id/cancellation')
  @HttpCode(200)
  @Needs('reminder.write')
  @ApiOperation({ summary: 'Call a reminder off' })
  @ApiHeader({ name: 'If-Match', required: true, example: 'W/"1"' })
  @ApiOkResponse({ description: 'The reminder as it is now' })
  async cancel(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: z.uuid() }) id: string,
    @Body({ schema: cancellationBody }) { reason }: CancellationBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReminderHistory> {
    await this.desk.cancel(scope, id, reason, versionIn(ifMatch));
    return this.#answered(scope, id, reply);
  }

  @Post(':id/answer')
  @HttpCode(200)
  @Needs('reminder.write')
  @ApiOperation({ summary: 'Take down what the patient answered in person or by phone' })
  @ApiHeader({ name: 'If-Match', required: true, example: 'W/"1"' })
  @ApiOkResponse({ description: 'The reminder as it is now' })
  async answer(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: z.uuid() }) id: string,
    @Body({ schema: answerBody }) { answer }: AnswerBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReminderHistory> {
    await this.desk.answer(scope, id, answer, versionIn(ifMatch));
    return this.#answered(scope, id, reply);
  }

  async #answered(scope: Scope, id: string, reply: FastifyReply): Promise<ReminderHistory> {
    const reminder = await this.queries.one(scope, id);
    reply.header('etag', etag(reminder.version));
    return reminder;
  }
}
