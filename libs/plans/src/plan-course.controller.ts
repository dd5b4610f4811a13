import { Body, Controller, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, withExample, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ACTIVITY_ACTS, PlanActs, type ActivityAct } from './plan-acts.service.js';
import type { Pause } from './plan.acts.js';
import { flareUpBody, holdBody, optionalReasonBody, reasonBody } from './plan.dto.js';
import { HOLD } from './plan.examples.js';
import { PlanLifecycle } from './plan-lifecycle.service.js';
import { PlanReading } from './plan-reading.service.js';
import { PlanReviews } from './plan-reviews.service.js';
import type { PlanView } from './plan-view.js';

const id = { schema: z.uuid() };
const acts = Object.keys(ACTIVITY_ACTS) as [ActivityAct, ...ActivityAct[]];

const Versioned = (): MethodDecorator => ApiHeader({ name: 'If-Match', required: true, example: 'W/"1"', description: 'The ETag that was read' });

/** The course of a plan: in force, paused, ended, and its activities between reviews. Every act answers with the plan. */
@ApiTags('Plans')
@Controller('api/v1/plans/:id')
export class PlanCourseController {
  constructor(
    private readonly lifecycle: PlanLifecycle,
    private readonly acts: PlanActs,
    private readonly reviews: PlanReviews,
    private readonly queries: PlanReading,
  ) {}

  @Post('activation')
  @HttpCode(200)
  @Needs('plan.activate')
  @Versioned()
  @ApiOperation({
    summary: 'Put an agreed draft in force',
    description: 'Sets the first review by the shortest rule that applies, asks for the baseline and follow-up questionnaires, and moves the referral to in-care where that is legal. A patient has one plan in force.',
  })
  @ApiOkResponse({ description: 'The plan in force, with its review' })
  async activate(@CurrentScope() scope: Scope, @Param('id', id) planId: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<PlanView> {
    await this.lifecycle.activate(scope, planId, versionIn(ifMatch));
    return this.#answer(scope, planId, reply);
  }

  @Post('hold')
  @HttpCode(200)
  @Needs('plan.write')
  @Versioned()
  @ApiOperation({ summary: 'Pause the plan until a day on which somebody decides how it goes on' })
  @ApiOkResponse({ description: 'The paused plan; its open review is cancelled' })
  async hold(
    @CurrentScope() scope: Scope,
    @Param('id', id) planId: string,
    @Body({ schema: withExample(holdBody, HOLD) }) body: Pause,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlanView> {
    await this.lifecycle.hold(scope, planId, body, versionIn(ifMatch));
    return this.#answer(scope, planId, reply);
  }

  @Post('resumption')
  @HttpCode(200)
  @Needs('plan.activate')
  @Versioned()
  @ApiOperation({ summary: 'Let a paused plan go on; its next review is set from now' })
  @ApiOkResponse({ description: 'The plan in force' })
  async resume(
    @CurrentScope() scope: Scope,
    @Param('id', id) planId: string,
    @Body({ schema: withExample(optionalReasonBody, { reason: 'Back home' }) }) body: { reason: string | null },
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlanView> {
    await this.lifecycle.resume(scope, planId, body.reason, versionIn(ifMatch));
    return this.#answer(scope, planId, reply);
  }

  @Post('completion')
  @HttpCode(200)
  @Needs('plan.activate')
  @Versioned()
  @ApiOperation({ summary: 'Complete the plan: what is still open in it ends with it' })
  @ApiOkResponse({ description: 'The completed plan' })
  async complete(
    @CurrentScope() scope: Scope,
    @Param('id', id) planId: string,
    @Body({ schema: withExample(reasonBody, { reason: 'Goals reached; goes on by self-management' }) }) { reason }: { reason: string },
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlanView> {
    await this.lifecycle.end(scope, planId, 'complete', reason, versionIn(ifMatch));
    return this.#answer(scope, planId, reply);
  }

  @Post('revocation')
  @HttpCode(200)
  @Needs('plan.activate')
  @Versioned()
  @ApiOperation({ summary: 'Revoke a draft or a plan in force' })
  @ApiOkResponse({ description: 'The revoked plan' })
  async revoke(
    @CurrentScope() scope: Scope,
    @Param('id', id) planId: string,
    @Body({ schema: withExample(reasonBody, { reason: 'The patient moves to another clinic' }) }) { reason }: { reason: string },
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlanView> {
    await this.lifecycle.end(scope, planId, 'revoke', reason, versionIn(ifMatch));
    return this.#answer(scope, planId, reply);
  }

  @Post('entry-in-error')
  @HttpCode(200)
  @Needs('plan.activate')
  @Versioned()
  @ApiOperation({ summary: 'Mark the plan as entered in error, such as for the wrong patient' })
  @ApiOkResponse({ description: 'The plan, void' })
  async void(
    @CurrentScope() scope: Scope,
    @Param('id', id) planId: string,
    @Body({ schema: withExample(reasonBody, { reason: 'Drafted for the wrong patient' }) }) { reason }: { reason: string },
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlanView> {
    await this.lifecycle.end(scope, planId, 'void', reason, versionIn(ifMatch));
    return this.#answer(scope, planId, reply);
  }

  @Post('flare-ups')
  @HttpCode(200)
  @Needs('plan.write')
  @ApiOperation({ summary: 'Take down that the patient reported a flare-up; the review is brought forward unless it is as early already' })
  @ApiOkResponse({ description: 'The plan with its review' })
  async flareUp(@CurrentScope() scope: Scope, @Param('id', id) planId: string, @Body({ schema: withExample(flareUpBody, { note: 'Worse since the weekend, no new symptoms, sleeps badly' }) }) { note }: { note: string }, @Res({ passthrough: true }) reply: FastifyReply): Promise<PlanView> {
    await this.reviews.reportFlareUp(scope, planId, note);
    return this.#answer(scope, planId, reply);
  }

  @Post('activities/:activityId/:act')
  @HttpCode(200)
  @Needs('plan.write')
  @Versioned()
  @ApiOperation({ summary: 'Move an activity of the plan', description: 'Holding, stopping, cancelling, losing from sight and marking as an error need a reason.' })
  @ApiParam({ name: 'act', enum: acts })
  @ApiOkResponse({ description: 'The plan with the activity as it stands now' })
  async activity(
    @CurrentScope() scope: Scope,
    @Param('id', id) planId: string,
    @Param('activityId', id) activityId: string,
    @Param('act', { schema: z.enum(acts) }) act: ActivityAct,
    @Body({ schema: withExample(optionalReasonBody, { reason: null }) }) { reason }: { reason: string | null },
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlanView> {
    await this.acts.move(scope, planId, activityId, act, reason, versionIn(ifMatch));
    return this.#answer(scope, planId, reply);
  }

  async #answer(scope: Scope, planId: string, reply: FastifyReply): Promise<PlanView> {
    const plan = await this.queries.view(scope, planId);
    reply.header('etag', etag(plan.version));
    return plan;
  }
}
