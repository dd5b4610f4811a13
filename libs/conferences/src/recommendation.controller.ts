import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, withExample, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { completionBody, reasonBody, recommendationsQuery, type CompletionBody, type ReasonBody, type RecommendationsQuery } from './conference.dto.js';
import { ConferenceQueries, type Page } from './conferences.queries.js';
import { RecommendationDesk } from './recommendation-desk.service.js';
import type { RecommendationFacts } from './recommendation-facts.js';

const uuid = z.uuid();
const IF_MATCH = { name: 'If-Match', required: true, description: 'The ETag that was read', example: 'W/"1"' };

/** What the team recommended, until it is done. */
@ApiTags('Recommendations')
@Controller('api/v1/recommendations')
export class RecommendationController {
  constructor(
    private readonly queries: ConferenceQueries,
    private readonly desk: RecommendationDesk,
  ) {}

  @Get()
  @Needs('conference.read')
  @ApiOperation({ summary: 'Recommendations of signed conferences, newest first' })
  @ApiQuery({ name: 'patient', required: false })
  @ApiQuery({ name: 'conference', required: false })
  @ApiQuery({ name: 'state', required: false, enum: ['open', 'proposed', 'accepted', 'done', 'not-done'] })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'One page' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: recommendationsQuery }) query: RecommendationsQuery): Promise<Page<RecommendationFacts>> {
    return this.queries.recommendations(scope, query);
  }

  @Get(':id')
  @Needs('conference.read')
  @ApiOperation({ summary: 'One recommendation' })
  @ApiOkResponse({ description: 'Who owns it, until when, and what you may do now' })
  async read(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<RecommendationFacts> {
    return answered(reply, await this.desk.read(scope, id));
  }

  @Post(':id/acceptance')
  @HttpCode(200)
  @Needs('conference.follow-up')
  @ApiOperation({ summary: 'The owner takes it on' })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ description: 'The recommendation, accepted' })
  async accept(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<RecommendationFacts> {
    return answered(reply, await this.desk.accept(scope, id, versionIn(ifMatch)));
  }

  @Post(':id/completion')
  @HttpCode(200)
  @Needs('conference.follow-up')
  @ApiOperation({ summary: 'It was done' })
  @ApiHeader(IF_MATCH)
  @ApiBody({ required: false })
  @ApiOkResponse({ description: 'The recommendation, done' })
  async complete(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: completionBody }) body: CompletionBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RecommendationFacts> {
    return answered(reply, await this.desk.complete(scope, id, versionIn(ifMatch), body.note));
  }

  @Post(':id/non-completion')
  @HttpCode(200)
  @Needs('conference.follow-up')
  @ApiOperation({ summary: 'It will not be done, and why; the case comes back to the team' })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ description: 'The recommendation, not done' })
  async giveUp(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: withExample(reasonBody, { reason: 'The patient does not want it.' }) }) body: ReasonBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RecommendationFacts> {
    return answered(reply, await this.desk.giveUp(scope, id, versionIn(ifMatch), body.reason));
  }
}

const answered = (reply: FastifyReply, recommendation: RecommendationFacts): RecommendationFacts => {
  reply.header('etag', etag(recommendation.version));
  return recommendation;
};
