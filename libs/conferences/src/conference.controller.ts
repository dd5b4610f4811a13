import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, withExample, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Agenda } from './agenda.service.js';
import { attendanceBody, conferenceBody, conferencesQuery, itemBody, reasonBody, type AttendanceBody, type ConferenceBody, type ConferencesQuery, type ItemBody, type ReasonBody } from './conference.dto.js';
import { RIGHT_OF, type ConferenceFacts, type ItemFacts } from './conference-facts.js';
import { ConferencePlanning } from './conference-planning.service.js';
import { ConferenceSession } from './conference-session.service.js';
import { ConferenceQueries, type ConferenceSummary, type Page } from './conferences.queries.js';
import { CONFERENCE_STATES } from './conference.workflow.js';

const uuid = z.uuid();
const IF_MATCH = { name: 'If-Match', required: true, description: 'The ETag that was read', example: 'W/"1"' };

/** The team's conferences, from plan to meeting. */
@ApiTags('Conferences')
@Controller('api/v1')
export class ConferenceController {
  constructor(
    private readonly queries: ConferenceQueries,
    private readonly planning: ConferencePlanning,
    private readonly agenda: Agenda,
    private readonly session: ConferenceSession,
  ) {}

  @Get('conferences')
  @Needs('conference.read')
  @ApiOperation({ summary: 'Conferences, newest plan first' })
  @ApiQuery({ name: 'state', required: false, enum: CONFERENCE_STATES })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'One page' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: conferencesQuery }) query: ConferencesQuery): Promise<Page<ConferenceSummary>> {
    return this.queries.list(scope, query);
  }

  @Post('conferences')
  @Needs('conference.organise')
  @ApiOperation({ summary: 'Plan a conference', description: 'Cases that wait for a conference come onto its agenda by themselves.' })
  @ApiCreatedResponse({ description: 'The conference; the ETag is what the next act must name' })
  async plan(@CurrentScope() scope: Scope, @Body({ schema: conferenceBody }) body: ConferenceBody, @Res({ passthrough: true }) reply: FastifyReply): Promise<ConferenceFacts> {
    const conference = await this.planning.plan(scope, body);
    reply.header('location', `/api/v1/conferences/${conference.id}`);
    return answered(reply, conference);
  }

  @Get('conferences/:id')
  @Needs('conference.read')
  @ApiOperation({ summary: 'A conference with its agenda, attendance and quorum' })
  @ApiOkResponse({ description: 'The conference, with what you may do now' })
  async read(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<ConferenceFacts> {
    return answered(reply, await this.queries.read(scope, id));
  }

  @Get('waiting-agenda-items')
  @Needs('conference.read')
  @ApiOperation({ summary: 'Cases that wait for a conference to be planned' })
  @ApiOkResponse({ description: 'The longest waiting first' })
  async waiting(@CurrentScope() scope: Scope): Promise<{ items: readonly ItemFacts[] }> {
    return this.queries.waiting(scope);
  }

  @Post('conferences/:id/agenda-items')
  @Needs(RIGHT_OF['add-item'])
  @ApiOperation({ summary: 'Put a patient on the agenda', description: 'After the lock only with `urgentReason`; such an item is marked as late and gets its case pack at once.' })
  @ApiCreatedResponse({ description: 'The conference with the new item' })
  async addItem(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Body({ schema: itemBody }) body: ItemBody, @Res({ passthrough: true }) reply: FastifyReply): Promise<ConferenceFacts> {
    return answered(reply, await this.agenda.add(scope, id, body));
  }

  @Post('conferences/:id/lock')
  @HttpCode(200)
  @Needs(RIGHT_OF.lock)
  @ApiOperation({ summary: 'Lock the agenda and assemble a case pack for each item' })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ description: 'The conference, locked' })
  async lock(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ConferenceFacts> {
    return answered(reply, await this.planning.lock(scope, id, versionIn(ifMatch)));
  }

  @Post('conferences/:id/session')
  @HttpCode(200)
  @Needs(RIGHT_OF.open)
  @ApiOperation({ summary: 'Open the meeting' })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ description: 'The conference, in session' })
  async open(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ConferenceFacts> {
    return answered(reply, await this.session.open(scope, id, versionIn(ifMatch)));
  }

  @Put('conferences/:id/attendance')
  @Needs(RIGHT_OF['record-attendance'])
  @ApiOperation({ summary: 'Record who is there, in place of what was recorded before', description: 'The discipline may be left out for those who hold one only.' })
  @ApiHeader({ ...IF_MATCH, required: false })
  @ApiOkResponse({ description: 'The conference, with its quorum' })
  async attendance(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: attendanceBody }) body: AttendanceBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ConferenceFacts> {
    return answered(reply, await this.session.recordAttendance(scope, id, versionIn(ifMatch), body.attendees));
  }

  @Post('conferences/:id/cancellation')
  @HttpCode(200)
  @Needs(RIGHT_OF.cancel)
  @ApiOperation({ summary: 'Call the conference off; its cases wait for the next one' })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ description: 'The conference, cancelled' })
  async cancel(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: withExample(reasonBody, { reason: 'Too few can come.' }) }) body: ReasonBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ConferenceFacts> {
    return answered(reply, await this.planning.cancel(scope, id, versionIn(ifMatch), body.reason));
  }
}

const answered = (reply: FastifyReply, conference: ConferenceFacts): ConferenceFacts => {
  reply.header('etag', etag(conference.version));
  return conference;
};
