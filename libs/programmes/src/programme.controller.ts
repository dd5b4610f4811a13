import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, withExample, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { EnrolmentQueries, type EnrolmentSummary, type EnrolmentView } from './enrolment.queries.js';
import { ENROLMENT_STATES } from './enrolment.workflow.js';
import { Enrolments } from './enrolments.service.js';
import type { EnrolmentListing, NewCohort, NewProgramme, Page, ProgrammeListing, Referring } from './programme.acts.js';
import { ProgrammeCatalogue, type ProgrammeFacts, type ProgrammeView } from './programme-catalogue.service.js';
import { cohortBody, enrolmentListQuery, programmeBody, programmeListQuery, referringBody } from './programme.dto.js';

const id = { schema: z.uuid() };
const NOBODY = '00000000-0000-7000-8000-000000000001';

/** Programmes: the catalogue, its runs, and who was referred. */
@ApiTags('Programmes')
@Controller('api/v1/programmes')
export class ProgrammeController {
  constructor(
    private readonly catalogue: ProgrammeCatalogue,
    private readonly enrolments: Enrolments,
    private readonly queries: EnrolmentQueries,
  ) {}

  @Post()
  @Needs('programme.write')
  @ApiOperation({ summary: 'Open a programme' })
  @ApiCreatedResponse({ description: 'The programme; the ETag names its version' })
  async open(@CurrentScope() scope: Scope, @Body({ schema: withExample(programmeBody, { title: 'Moving with pain', description: 'Eight evenings: what pain is, pacing, flare-ups, sleep', serviceType: '224', sessionsNeeded: 6 }) }) body: NewProgramme, @Res({ passthrough: true }) reply: FastifyReply): Promise<ProgrammeView> {
    const programme = await this.catalogue.open(scope, body);
    reply.header('location', `/api/v1/programmes/${programme.id}`);
    return answered(reply, programme);
  }

  @Get()
  @Needs('programme.read')
  @ApiOperation({ summary: 'Programmes, newest first' })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'One page' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: programmeListQuery }) query: ProgrammeListing): Promise<Page<ProgrammeFacts>> {
    return this.catalogue.list(scope, query);
  }

  @Get(':id')
  @Needs('programme.read')
  @ApiOperation({ summary: 'One programme with its runs and their free places' })
  @ApiOkResponse({ description: 'The programme; the ETag names its version' })
  async read(@CurrentScope() scope: Scope, @Param('id', id) programmeId: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<ProgrammeView> {
    return answered(reply, await this.catalogue.view(scope, programmeId));
  }

  @Post(':id/cohorts')
  @Needs('programme.write')
  @ApiOperation({ summary: 'Add a run with its places and sessions', description: 'Its free places are offered at once to the first on the waiting list whom language and format suit.' })
  @ApiCreatedResponse({ description: 'The programme with the new run' })
  async addCohort(@CurrentScope() scope: Scope, @Param('id', id) programmeId: string, @Body({ schema: withExample(cohortBody, { language: 'en', format: 'in-person', capacity: 12, sessions: [{ startsAt: '2030-03-05T18:00:00Z', minutes: 90, topic: 'What pain is' }] }) }) body: NewCohort, @Res({ passthrough: true }) reply: FastifyReply): Promise<ProgrammeView> {
    return answered(reply, await this.catalogue.addCohort(scope, programmeId, body));
  }

  @Post(':id/closure')
  @HttpCode(200)
  @Needs('programme.write')
  @ApiHeader({ name: 'If-Match', required: true, example: 'W/"1"', description: 'The ETag that was read' })
  @ApiOperation({ summary: 'Take no more people; those who take part go on' })
  @ApiOkResponse({ description: 'The programme, closed' })
  async close(@CurrentScope() scope: Scope, @Param('id', id) programmeId: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ProgrammeView> {
    return answered(reply, await this.catalogue.close(scope, programmeId, versionIn(ifMatch)));
  }

  @Post(':id/enrolments')
  @Needs('plan.write')
  @ApiOperation({ summary: 'Refer a patient from an activity of their care plan', description: 'From then on the CarePlan names this request in place of the activity’s own detail.' })
  @ApiCreatedResponse({ description: 'The enrolment, to be screened; the ETag names its version' })
  async refer(@CurrentScope() scope: Scope, @Param('id', id) programmeId: string, @Body({ schema: withExample(referringBody, { planId: NOBODY, activityId: NOBODY, languages: ['en'], formats: ['in-person', 'online'] }) }) body: Referring, @Res({ passthrough: true }) reply: FastifyReply): Promise<EnrolmentView> {
    const enrolmentId = await this.enrolments.refer(scope, programmeId, body);
    const enrolment = await this.queries.view(scope, enrolmentId);
    reply.header('location', `/api/v1/enrolments/${enrolmentId}`);
    return answered(reply, enrolment);
  }

  @Get(':id/enrolments')
  @Needs('programme.read')
  @ApiOperation({ summary: 'Who was referred to the programme and how each stands, oldest first' })
  @ApiQuery({ name: 'state', required: false, enum: ENROLMENT_STATES })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'One page' })
  async enrolled(@CurrentScope() scope: Scope, @Param('id', id) programmeId: string, @Query({ schema: enrolmentListQuery }) query: EnrolmentListing): Promise<Page<EnrolmentSummary>> {
    return this.queries.list(scope, programmeId, query);
  }
}

const answered = <Facts extends { readonly version: number }>(reply: FastifyReply, facts: Facts): Facts => {
  reply.header('etag', etag(facts.version));
  return facts;
};
