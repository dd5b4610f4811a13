import { Body, Controller, Headers, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import * as dto from './referral-care.dto.js';
import { ReferralClosing } from './referral-closing.service.js';
import { ReferralDesk, type ReferralDetail } from './referral-desk.service.js';
import type * as acts from './referral.acts.js';
import { Act } from './referral.openapi.js';
import { remarkBody } from './referral-triage.dto.js';

/** Ending a referral. */
@ApiTags('Referrals')
@Controller('api/v1/referrals/:id')
export class ReferralClosingController {
  constructor(
    private readonly closing: ReferralClosing,
    private readonly desk: ReferralDesk,
  ) {}

  @Post('cancellation')
  @Needs('referral.triage')
  @Act('cancel', 'Record that the referrer cancels', 'Record that the referrer cancels')
  async cancel(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: remarkBody }) body: acts.Remark, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.closing.cancel(scope, id, body.comment, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('withdrawal')
  @Needs('referral.triage')
  @Act('confirm-withdrawal', 'Confirm the cancellation', 'Confirm a cancellation that the referrer asked for')
  async withdraw(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: remarkBody }) body: acts.Remark, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.closing.withdraw(scope, id, body.comment, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('closure')
  @Needs('referral.triage')
  @Act('close', 'Close with its outcome', 'Close with what came of it')
  async close(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.closureBody }) body: acts.Outcome, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.closing.close(scope, id, body, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('unseen-closure')
  @Needs('referral.triage')
  @Act('close-unseen', 'Close without having seen the patient', 'Close without the patient having been seen')
  async closeUnseen(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.unseenClosureBody }) body: acts.UnseenClosure, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.closing.closeUnseen(scope, id, body, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('retraction')
  @Needs('referral.triage')
  @Act('enter-in-error', 'Mark as entered in error', 'Mark as entered in error')
  async retract(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: remarkBody }) body: acts.Remark, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.closing.retract(scope, id, body.comment, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  async #now(scope: Scope, id: string, reply: FastifyReply): Promise<ReferralDetail> {
    const referral = await this.desk.read(scope, id);
    reply.header('etag', etag(referral.version));
    return referral;
  }
}
