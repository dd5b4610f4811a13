import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, withExample, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Completion, Postponement, ReviewListing } from './plan.acts.js';
import { completionBody, postponementBody, reviewListQuery } from './plan.dto.js';
import { REVIEW } from './plan.examples.js';
import { PlanReviews } from './plan-reviews.service.js';
import type { ReviewView } from './plan-view.js';
import { ReviewCompletion } from './review-completion.service.js';
import { ReviewQueries } from './review.queries.js';
import { OPEN_REVIEW_STATES } from './review.workflow.js';

const id = { schema: z.uuid() };
const Versioned = (): MethodDecorator => ApiHeader({ name: 'If-Match', required: true, example: 'W/"1"', description: 'The ETag of the review that was read' });

/** Reviews of care plans: the worklist, and what is done about each. */
@ApiTags('Plan reviews')
@Controller('api/v1')
export class ReviewController {
  constructor(
    private readonly reviews: PlanReviews,
    private readonly completion: ReviewCompletion,
    private readonly queries: ReviewQueries,
  ) {}

  @Get('plan-reviews')
  @Needs('plan.read')
  @ApiOperation({ summary: 'Reviews that are not over, soonest due first; each names the rule that set its date' })
  @ApiQuery({ name: 'patient', required: false })
  @ApiQuery({ name: 'state', required: false, enum: OPEN_REVIEW_STATES })
  @ApiQuery({ name: 'dueBefore', required: false, example: '2030-01-01T00:00:00Z' })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'One page' })
  async worklist(@CurrentScope() scope: Scope, @Query({ schema: reviewListQuery }) query: ReviewListing): ReturnType<ReviewQueries['worklist']> {
    return this.queries.worklist(scope, query);
  }

  @Get('plans/:id/reviews')
  @Needs('plan.read')
  @ApiOperation({ summary: 'All reviews of a plan, oldest first' })
  @ApiOkResponse({ description: 'The reviews with what they found' })
  async ofPlan(@CurrentScope() scope: Scope, @Param('id', id) planId: string): ReturnType<ReviewQueries['ofPlan']> {
    return this.queries.ofPlan(scope, planId);
  }

  @Get('plan-reviews/:id')
  @Needs('plan.read')
  @ApiOperation({ summary: 'One review, with what you may do now' })
  @ApiOkResponse({ description: 'The review; the ETag names its version' })
  async read(@CurrentScope() scope: Scope, @Param('id', id) reviewId: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReviewView> {
    return this.#answer(scope, reviewId, reply);
  }

  @Post('plan-reviews/:id/start')
  @HttpCode(200)
  @Needs('plan.write')
  @Versioned()
  @ApiOperation({ summary: 'Begin the review' })
  @ApiOkResponse({ description: 'The review under way' })
  async start(@CurrentScope() scope: Scope, @Param('id', id) reviewId: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReviewView> {
    await this.reviews.start(scope, reviewId, versionIn(ifMatch));
    return this.#answer(scope, reviewId, reply);
  }

  @Post('plan-reviews/:id/postponement')
  @HttpCode(200)
  @Needs('plan.write')
  @Versioned()
  @ApiOperation({ summary: 'Move the review to another day within the grace of its rule' })
  @ApiOkResponse({ description: 'The review with its new date' })
  async postpone(
    @CurrentScope() scope: Scope,
    @Param('id', id) reviewId: string,
    @Body({ schema: withExample(postponementBody, { dueOn: '2030-01-15', reason: 'The patient works that week' }) }) body: Postponement,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReviewView> {
    await this.reviews.postpone(scope, reviewId, body, versionIn(ifMatch));
    return this.#answer(scope, reviewId, reply);
  }

  @Post('plan-reviews/:id/completion')
  @HttpCode(200)
  @Needs('plan.write')
  @Versioned()
  @ApiOperation({
    summary: 'Complete the review',
    description: 'Says how each goal stands and what becomes of each activity, and what the patient does next. Changes the plan, opens a problem-solving step for each setback, and sets the next review.',
  })
  @ApiOkResponse({ description: 'The review, done, with outcomes against baseline and the difference it made to the plan' })
  async complete(
    @CurrentScope() scope: Scope,
    @Param('id', id) reviewId: string,
    @Body({ schema: withExample(completionBody, REVIEW) }) body: Completion,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReviewView> {
    await this.completion.complete(scope, reviewId, body, versionIn(ifMatch));
    return this.#answer(scope, reviewId, reply);
  }

  async #answer(scope: Scope, reviewId: string, reply: FastifyReply): Promise<ReviewView> {
    const review = await this.queries.view(scope, reviewId);
    reply.header('etag', etag(review.version));
    return review;
  }
}
