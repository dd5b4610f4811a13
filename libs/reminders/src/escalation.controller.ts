import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import { ESCALATION_STATES } from './escalation.workflow.js';
import { escalationQuery, resolutionBody, type EscalationQuery, type ResolutionBody } from './reminder.dto.js';
import { ReminderDesk } from './reminder-desk.service.js';
import { ReminderQueries, type EscalationView, type Page } from './reminder.queries.js';

/** What messages could not do: the coordinators' worklist. */
@ApiTags('Escalations')
@Controller('api/v1/escalations')
export class EscalationController {
  constructor(
    private readonly queries: ReminderQueries,
    private readonly desk: ReminderDesk,
  ) {}

  @Get()
  @Needs('reminder.read')
  @ApiOperation({ summary: 'Patients whom a coordinator must reach, oldest first' })
  @ApiQuery({ name: 'patient', required: false })
  @ApiQuery({ name: 'state', required: false, enum: ESCALATION_STATES })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'A page of escalations, open ones unless another state is asked for' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: escalationQuery }) query: EscalationQuery): Promise<Page<EscalationView>> {
    return this.queries.escalations(scope, query);
  }

  @Get(':id')
  @Needs('reminder.read')
  @ApiOperation({ summary: 'One escalation' })
  @ApiOkResponse({ description: 'The escalation; the ETag is what a change must name' })
  async one(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<EscalationView> {
    return this.#answered(scope, id, reply);
  }

  @Post(':id/resolution')
  @HttpCode(200)
  @Needs('reminder.write')
  @ApiOperation({ summary: 'Close an escalation and say what came of it' })
  @ApiHeader({ name: 'If-Match', required: true, example: 'W/"1"' })
  @ApiOkResponse({ description: 'The escalation as it is now' })
  async resolve(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: z.uuid() }) id: string,
    @Body({ schema: resolutionBody }) body: ResolutionBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EscalationView> {
    await this.desk.resolve(scope, id, body, versionIn(ifMatch));
    return this.#answered(scope, id, reply);
  }

  async #answered(scope: Scope, id: string, reply: FastifyReply): Promise<EscalationView> {
    const escalation = await this.queries.escalation(scope, id);
    reply.header('etag', etag(escalation.version));
    return escalation;
  }
}
