import { Body, Controller, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Does } from './actions/referral-act.js';
import { demandedVersion } from './demanded-version.js';
import { ReferralAdvice } from './referral-advice.service.js';
import * as dto from './referral-conversation.dto.js';
import { ReferralDesk, type ReferralDetail } from './referral-desk.service.js';
import type * as acts from './referral.acts.js';
import { Act } from './referral.openapi.js';
import { WaitingLinks } from './waiting-links.service.js';
import { WaitingList } from './waiting-list.service.js';

/** Talking with the referrer, and with patients who wait. */
@ApiTags('Referrals')
@Controller('api/v1/referrals/:id')
export class ReferralConversationController {
  constructor(
    private readonly advice: ReferralAdvice,
    private readonly waiting: WaitingList,
    private readonly links: WaitingLinks,
    private readonly desk: ReferralDesk,
  ) {}

  @Post('messages')
  @Needs('referral.triage')
  @Act('write-to-referrer', 'Write to the referrer', 'Write to the referrer: advice, or an answer')
  async write(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.messageBody }) body: acts.Advice, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.advice.write(scope, id, body.text, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('conversion')
  @Needs('referral.triage')
  @Act('convert', 'Make it a referral to be seen', 'Let what was for advice only become a referral to be seen, as the referrer agreed', { decision: true })
  async convert(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.conversionBody }) body: acts.Conversion, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.advice.convert(scope, id, body, demandedVersion(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('waiting-answer')
  @Needs('referral.triage')
  @Act('hear-from-patient', 'Record what the waiting patient said', 'Record what a waiting patient said: still wanted, worse, or no longer wanted')
  async answered(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.waitingAnswerBody }) body: acts.WaitingAnswer, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.waiting.answered(scope, id, body, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('waiting-link')
  @Does('make-waiting-link', 'Make a link for the waiting patient')
  @HttpCode(201)
  @Needs('referral.triage')
  @ApiOperation({ summary: 'Make a link by which a waiting patient answers: still wanted, worse, or no longer wanted' })
  @ApiCreatedResponse({ description: 'Its address, shown once; it holds nothing about the patient' })
  async link(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string): Promise<{ readonly url: string; readonly expiresAt: Date }> {
    return this.links.issue(scope, id);
  }

  async #now(scope: Scope, id: string, reply: FastifyReply): Promise<ReferralDetail> {
    const referral = await this.desk.read(scope, id);
    reply.header('etag', etag(referral.version));
    return referral;
  }
}
