import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { acknowledgementBody, alertsQuery, type AcknowledgementBody, type AlertsQuery } from './outcomes.dto.js';
import type { Page } from './outcomes.queries.js';
import type { SafetyAlertFacts } from './safety-alert-facts.js';
import { SafetyDesk } from './safety-desk.service.js';

/** Dangerous answers that wait for a person. */
@ApiTags('Safety alerts')
@Controller('api/v1/safety-alerts')
export class SafetyAlertController {
  constructor(private readonly desk: SafetyDesk) {}

  @Get()
  @Needs('outcome.read')
  @ApiOperation({ summary: 'Safety alerts, the one that has waited longest first' })
  @ApiQuery({ name: 'state', required: false, enum: ['open', 'raised', 'escalated', 'acknowledged'], description: 'Default: open' })
  @ApiQuery({ name: 'patient', required: false })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'One page' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: alertsQuery }) query: AlertsQuery): Promise<Page<SafetyAlertFacts>> {
    return this.desk.list(scope, query);
  }

  @Get(':id')
  @Needs('outcome.read')
  @ApiOperation({ summary: 'One safety alert' })
  @ApiOkResponse({ description: 'Whose turn it is, until when, and under which number the patient wants to be called' })
  async read(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<SafetyAlertFacts> {
    return answered(reply, await this.desk.read(scope, id));
  }

  @Post(':id/acknowledgement')
  @HttpCode(200)
  @Needs('safety.acknowledge')
  @ApiOperation({ summary: 'Take charge of a safety alert and say what is being done', description: 'If-Match is honoured but not asked for: nothing may stand between a clinician and an alert.' })
  @ApiHeader({ name: 'If-Match', required: false, example: 'W/"1"' })
  @ApiOkResponse({ description: 'The alert, acknowledged' })
  async acknowledge(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: z.uuid() }) id: string,
    @Body({ schema: acknowledgementBody }) body: AcknowledgementBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SafetyAlertFacts> {
    return answered(reply, await this.desk.acknowledge(scope, id, body.note, versionIn(ifMatch)));
  }
}

const answered = (reply: FastifyReply, alert: SafetyAlertFacts): SafetyAlertFacts => {
  reply.header('etag', etag(alert.version));
  return alert;
};
