import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { LetterDesk, type LetterPage, type LetterView } from './letter-desk.service.js';
import { deliveryBody, letterQuery, type DeliveryBody, type LetterQuery } from './letter.dto.js';
import { LETTER_STATES } from './letter.workflow.js';

const uuid = z.uuid();

/** Letters to referrers whom no EHR tells: open until they are delivered. */
@ApiTags('Letters to referrers')
@Controller('api/v1/letters')
export class LetterController {
  constructor(private readonly desk: LetterDesk) {}

  @Get()
  @Needs('referral.read')
  @ApiOperation({ summary: 'Letters that are not delivered yet, oldest first' })
  @ApiQuery({ name: 'patient', required: false })
  @ApiQuery({ name: 'state', required: false, enum: LETTER_STATES })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'A page of letters; `next` is absent on the last' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: letterQuery }) query: LetterQuery): Promise<LetterPage> {
    return this.desk.list(scope, query);
  }

  @Get(':id')
  @Needs('referral.read')
  @ApiOperation({ summary: 'One letter: whom it is for, how far it is, what to do next' })
  @ApiOkResponse({ description: 'The letter; the ETag is what a change must name' })
  async one(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<LetterView> {
    return this.#answered(scope, id, reply);
  }

  @Get(':id/pdf')
  @Needs('referral.read')
  @ApiOperation({ summary: 'The letter, to be printed' })
  @ApiProduces('application/pdf')
  async pdf(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Res() reply: FastifyReply): Promise<void> {
    await reply.type('application/pdf').header('cache-control', 'no-store').send(await this.desk.pdf(scope, id));
  }

  @Post(':id/delivery')
  @HttpCode(200)
  @Needs('referral.triage')
  @ApiOperation({ summary: 'Say that the letter was posted, or told by telephone' })
  @ApiHeader({ name: 'If-Match', required: true, example: 'W/"1"' })
  @ApiOkResponse({ description: 'The letter, delivered' })
  async deliver(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: deliveryBody }) { note }: DeliveryBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LetterView> {
    await this.desk.deliver(scope, id, note, versionIn(ifMatch));
    return this.#answered(scope, id, reply);
  }

  async #answered(scope: Scope, id: string, reply: FastifyReply): Promise<LetterView> {
    const letter = await this.desk.one(scope, id);
    reply.header('etag', etag(letter.version));
    return letter;
  }
}
