import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CasePackDesk } from './case-pack-desk.service.js';
import { addendumBody, decisionBody, type AddendumBody, type DecisionBody } from './conference.dto.js';
import { RIGHT_OF, type ConferenceFacts, type ItemFacts } from './conference-facts.js';
import { ConferenceMinutes } from './conference-minutes.service.js';
import { ConferenceSession } from './conference-session.service.js';

const uuid = z.uuid();
const IF_MATCH = { name: 'If-Match', required: true, description: 'The ETag that was read', example: 'W/"1"' };

/** What was read before a conference, decided in it, and signed after it. */
@ApiTags('Conferences')
@Controller('api/v1/conferences/:id')
export class MinutesController {
  constructor(
    private readonly session: ConferenceSession,
    private readonly minutes: ConferenceMinutes,
    private readonly packs: CasePackDesk,
  ) {}

  @Get('agenda-items/:itemId/case-pack')
  @Needs('conference.read')
  @ApiOperation({ summary: 'The case pack as a FHIR document' })
  @ApiProduces('application/fhir+json')
  @ApiOkResponse({ description: 'A Bundle of type document, the Composition first' })
  async casePack(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Param('itemId', { schema: uuid }) itemId: string, @Res() reply: FastifyReply): Promise<void> {
    const bundle = await this.packs.bundle(scope, id, itemId);
    void reply.type('application/fhir+json; charset=utf-8').send(JSON.stringify(bundle));
  }

  @Get('agenda-items/:itemId/case-pack/page')
  @Needs('conference.read')
  @ApiOperation({ summary: 'The case pack as a page to read' })
  @ApiProduces('text/html')
  @ApiOkResponse({ description: 'The sections in order; an empty one says so' })
  async casePackPage(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Param('itemId', { schema: uuid }) itemId: string, @Res() reply: FastifyReply): Promise<void> {
    sendPage(reply, await this.packs.page(scope, id, itemId));
  }

  @Put('agenda-items/:itemId/decision')
  @Needs(RIGHT_OF.decide)
  @ApiOperation({ summary: 'Record the decision on an item, or that it was listed and not discussed', description: 'It can be recorded anew until the minutes are signed, and has no effect before.' })
  @ApiHeader({ ...IF_MATCH, required: false, description: 'The version of the item that was read' })
  @ApiOkResponse({ description: 'The item; its ETag is its own version' })
  async decide(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: uuid }) id: string,
    @Param('itemId', { schema: uuid }) itemId: string,
    @Body({ schema: decisionBody }) body: DecisionBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ItemFacts> {
    const item = await this.session.decide(scope, id, itemId, versionIn(ifMatch), body.outcome === 'decided' ? body : 'not-discussed');
    reply.header('etag', etag(item.version));
    return item;
  }

  @Get('agenda-items/:itemId/minutes')
  @Needs('conference.read')
  @ApiOperation({ summary: 'One patient’s minutes as a page: the draft as it stands, or what was signed' })
  @ApiProduces('text/html')
  @ApiOkResponse({ description: 'The page' })
  async read(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Param('itemId', { schema: uuid }) itemId: string, @Res() reply: FastifyReply): Promise<void> {
    sendPage(reply, await this.minutes.read(scope, id, itemId));
  }

  @Post('minutes')
  @HttpCode(200)
  @Needs(RIGHT_OF.draft)
  @ApiOperation({ summary: 'End the meeting and draft its minutes' })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ description: 'The conference, with its minutes as a draft' })
  async draft(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ConferenceFacts> {
    return answered(reply, await this.minutes.draft(scope, id, versionIn(ifMatch)));
  }

  @Post('signature')
  @HttpCode(200)
  @Needs(RIGHT_OF.sign)
  @ApiOperation({ summary: 'Sign the minutes', description: 'Makes each decision a ClinicalImpression, each recommendation an owned Task, and each patient’s part a signed document; tells the referrers. Decisions need a quorum.' })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ description: 'The conference, signed' })
  async sign(@CurrentScope() scope: Scope, @Param('id', { schema: uuid }) id: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ConferenceFacts> {
    return answered(reply, await this.minutes.sign(scope, id, versionIn(ifMatch)));
  }

  @Post('addenda')
  @Needs(RIGHT_OF.amend)
  @ApiOperation({ summary: 'Add to signed minutes; what was signed stays' })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ description: 'The conference, amended' })
  async amend(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: addendumBody }) body: AddendumBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ConferenceFacts> {
    return answered(reply, await this.minutes.amend(scope, id, versionIn(ifMatch), body));
  }
}

const answered = (reply: FastifyReply, conference: ConferenceFacts): ConferenceFacts => {
  reply.header('etag', etag(conference.version));
  return conference;
};

const sendPage = (reply: FastifyReply, page: string): void => {
  void reply
    .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(page);
};
