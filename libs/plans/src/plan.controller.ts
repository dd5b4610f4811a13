import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, withExample, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { PlanDrafting } from './plan-drafting.service.js';
import type { Agreement, Comparison, Draft, Page, PlanListing, Wording } from './plan.acts.js';
import { agreementBody, differenceQuery, draftBody, planListQuery, wordingBody } from './plan.dto.js';
import { AGREEMENT, DRAFT, WORDING } from './plan.examples.js';
import { PlanReading } from './plan-reading.service.js';
import type { PlanSummary, PlanView } from './plan-view.js';
import { PLAN_STATES } from './plan.workflow.js';

const id = { schema: z.uuid() };

/** Care plans: draft, read, compare. What puts them in force or ends them is {@link PlanCourseController}. */
@ApiTags('Plans')
@Controller('api/v1/plans')
export class PlanController {
  constructor(
    private readonly drafting: PlanDrafting,
    private readonly queries: PlanReading,
  ) {}

  @Post()
  @Needs('plan.write')
  @ApiOperation({
    summary: 'Draft a plan, by hand or from what a conference recommended',
    description: 'With `recommendationIds` each recommendation of signed minutes becomes an activity of its owner and counts as accepted. Goals and activities can be added here or by editing the draft.',
  })
  @ApiCreatedResponse({ description: 'The draft; the ETag names its version' })
  async draft(@CurrentScope() scope: Scope, @Body({ schema: withExample(draftBody, DRAFT) }) body: Draft, @Res({ passthrough: true }) reply: FastifyReply): Promise<PlanView> {
    const planId = await this.drafting.draft(scope, body);
    reply.header('location', `/api/v1/plans/${planId}`);
    return this.#answer(scope, planId, reply);
  }

  @Get()
  @Needs('plan.read')
  @ApiOperation({ summary: 'Plans, newest first' })
  @ApiQuery({ name: 'patient', required: false, description: 'Id of the Patient' })
  @ApiQuery({ name: 'state', required: false, enum: PLAN_STATES })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'One page' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: planListQuery }) query: PlanListing): Promise<Page<PlanSummary>> {
    return this.queries.list(scope, query);
  }

  @Get(':id')
  @Needs('plan.read')
  @ApiOperation({ summary: 'One plan, with what you may do with it now' })
  @ApiOkResponse({ description: 'The plan; the ETag names its version' })
  async read(@CurrentScope() scope: Scope, @Param('id', id) planId: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<PlanView> {
    return this.#answer(scope, planId, reply);
  }

  @Put(':id')
  @Needs('plan.write')
  @ApiOperation({
    summary: 'Edit a draft',
    description: 'Replaces the whole wording. Goals and activities that carry an id of the draft are kept and changed, the others are new, what is missing is dropped. An agreement recorded before no longer counts.',
  })
  @ApiHeader({ name: 'If-Match', required: true, example: 'W/"1"', description: 'The ETag that was read' })
  @ApiOkResponse({ description: 'The draft as it is now' })
  async rewrite(
    @CurrentScope() scope: Scope,
    @Param('id', id) planId: string,
    @Body({ schema: withExample(wordingBody, WORDING) }) body: Wording,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlanView> {
    await this.drafting.rewrite(scope, planId, body, versionIn(ifMatch));
    return this.#answer(scope, planId, reply);
  }

  @Post(':id/agreement')
  @HttpCode(200)
  @Needs('plan.write')
  @ApiOperation({ summary: 'Record that the patient agreed to the draft as it is worded now: who, when, how' })
  @ApiHeader({ name: 'If-Match', required: true, example: 'W/"1"', description: 'The ETag that was read' })
  @ApiOkResponse({ description: 'The draft, agreed' })
  async agree(
    @CurrentScope() scope: Scope,
    @Param('id', id) planId: string,
    @Body({ schema: withExample(agreementBody, AGREEMENT) }) body: Agreement,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlanView> {
    await this.drafting.agree(scope, planId, body, versionIn(ifMatch));
    return this.#answer(scope, planId, reply);
  }

  @Get(':id/versions')
  @Needs('plan.read')
  @ApiOperation({ summary: 'The wordings that were in force, oldest first' })
  @ApiOkResponse({ description: 'When each was made, by whom and why' })
  async versions(@CurrentScope() scope: Scope, @Param('id', id) planId: string): ReturnType<PlanReading['versions']> {
    return this.queries.versions(scope, planId);
  }

  @Get(':id/difference')
  @Needs('plan.read')
  @ApiOperation({ summary: 'How the present wording differs from the last version, or two versions from each other' })
  @ApiQuery({ name: 'from', required: false, example: 1 })
  @ApiQuery({ name: 'to', required: false, example: 2 })
  @ApiOkResponse({ description: 'Goals and activities that were added, removed or changed, field by field' })
  async difference(@CurrentScope() scope: Scope, @Param('id', id) planId: string, @Query({ schema: differenceQuery }) query: Comparison): ReturnType<PlanReading['difference']> {
    return this.queries.difference(scope, planId, query);
  }

  @Get(':id/transitions')
  @Needs('plan.read')
  @ApiOperation({ summary: 'Who moved what in this plan, when and why' })
  @ApiOkResponse({ description: 'The log, oldest first' })
  async transitions(@CurrentScope() scope: Scope, @Param('id', id) planId: string): ReturnType<PlanReading['transitions']> {
    return this.queries.transitions(scope, planId);
  }

  @Get(':id/medication-safety')
  @Needs('plan.read')
  @ApiOperation({
    summary: 'What the prescriptions on record mean for safety: opioid dose a day in MME, benzodiazepines beside, and what is not known',
    description: 'Decision support: nothing is guessed, and nothing is ever stopped because of a number.',
  })
  @ApiOkResponse({ description: 'The sum with its parts; each dose that cannot be computed says why' })
  async medicationSafety(@CurrentScope() scope: Scope, @Param('id', id) planId: string): ReturnType<PlanReading['medicationSafety']> {
    return this.queries.medicationSafety(scope, planId);
  }

  async #answer(scope: Scope, planId: string, reply: FastifyReply): Promise<PlanView> {
    const plan = await this.queries.view(scope, planId);
    reply.header('etag', etag(plan.version));
    return plan;
  }
}
