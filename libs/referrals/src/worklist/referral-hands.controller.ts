import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Does } from '../actions/referral-act.js';
import { ReferralDesk, type ReferralDetail } from '../referral-desk.service.js';
import { ReferralBulk, type BulkAct, type BulkResult } from './referral-bulk.service.js';
import { ReferralClaims } from './referral-claims.service.js';
import type { Claim } from './referral-claim.js';
import { ReferralHandover, type Assignment, type Recipient, type Routing } from './referral-handover.service.js';
import * as dto from './worklist.dto.js';
import { MayNameVersion } from './worklist.openapi.js';

const uuid = { schema: z.uuid() };

/** In whose hands a referral is: claimed for a while, given to somebody, handed over, one by one or many at once. */
@ApiTags('Worklist')
@Controller('api/v1/referrals')
export class ReferralHandsController {
  constructor(
    private readonly desk: ReferralDesk,
    private readonly claims: ReferralClaims,
    private readonly handover: ReferralHandover,
    private readonly bulk: ReferralBulk,
  ) {}

  @Post('bulk-acts')
  @HttpCode(200)
  @Needs('referral.triage')
  @ApiOperation({
    summary: 'Claim, assign, hand over, or ask for what is missing, for up to 100 referrals',
    description: 'Each referral by itself: one that is refused keeps none of the others back. Decisions are made one by one.',
  })
  @ApiOkResponse({ description: 'For each referral, in the order named: done, or the code and the words of the refusal' })
  async act(@CurrentScope() scope: Scope, @Body({ schema: dto.bulkBody }) body: BulkAct): Promise<{ results: BulkResult[] }> {
    return { results: await this.bulk.perform(scope, body) };
  }

  @Put(':id/claim')
  @Does('claim', 'Take in hands')
  @Needs('referral.triage')
  @MayNameVersion()
  @ApiOperation({ summary: 'Take the referral in hands for a while, or keep it longer', description: 'While the claim stands nobody else can act on the referral, except where a hard stop is open. It ends by itself.' })
  @ApiOkResponse({ description: 'Who has it, until when' })
  async claim(@CurrentScope() scope: Scope, @Param('id', uuid) id: string, @Headers('if-match') ifMatch: string | undefined): Promise<Claim> {
    return this.claims.claim(scope, id, versionIn(ifMatch));
  }

  @Delete(':id/claim')
  @Does('release', 'Let go')
  @HttpCode(204)
  @Needs('referral.triage')
  @ApiOperation({ summary: 'Let the referral go' })
  @ApiNoContentResponse({ description: 'You do not have it in hands any more' })
  async release(@CurrentScope() scope: Scope, @Param('id', uuid) id: string): Promise<void> {
    await this.claims.release(scope, id);
  }

  @Put(':id/owner')
  @Does('assign', 'Give to a person or team')
  @Needs('referral.triage')
  @MayNameVersion()
  @ApiOperation({ summary: 'Give the referral to a person or a team' })
  @ApiOkResponse({ description: 'The referral as it is now' })
  async assign(@CurrentScope() scope: Scope, @Param('id', uuid) id: string, @Body({ schema: dto.ownerBody }) { to }: { to: Recipient }, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.handover.assign(scope, id, to, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post(':id/handover')
  @Does('hand-over', 'Hand over')
  @HttpCode(200)
  @Needs('referral.triage')
  @MayNameVersion()
  @ApiOperation({ summary: 'Hand the referral over to a person or a team, with a note; your claim ends' })
  @ApiOkResponse({ description: 'The referral as it is now' })
  async handOver(@CurrentScope() scope: Scope, @Param('id', uuid) id: string, @Body({ schema: dto.handoverBody }) { to, note }: { to: Recipient; note: string }, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.handover.handOver(scope, id, to, note, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Put(':id/routing')
  @Does('route', 'Set team, discipline and programme')
  @Needs('referral.triage')
  @MayNameVersion()
  @ApiOperation({ summary: 'Say which team, discipline and programme the referral is for', description: 'What is left out stays; null takes it away.' })
  @ApiOkResponse({ description: 'The referral as it is now' })
  async route(@CurrentScope() scope: Scope, @Param('id', uuid) id: string, @Body({ schema: dto.routingBody }) body: Routing, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.handover.route(scope, id, body, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Get(':id/assignments')
  @Needs('referral.read')
  @ApiOperation({ summary: 'Who had the referral, oldest first, with the notes of handing over' })
  @ApiOkResponse({ description: 'The latest 200 at most' })
  async assignments(@CurrentScope() scope: Scope, @Param('id', uuid) id: string): Promise<{ items: Assignment[] }> {
    return { items: await this.handover.history(scope, id) };
  }

  async #now(scope: Scope, id: string, reply: FastifyReply): Promise<ReferralDetail> {
    const referral = await this.desk.read(scope, id);
    reply.header('etag', etag(referral.version));
    return referral;
  }
}
