import { Body, Controller, Delete, Headers, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import * as dto from './referral-care.dto.js';
import { ReferralCare } from './referral-care.service.js';
import { ReferralDesk, type ReferralDetail } from './referral-desk.service.js';
import type * as acts from './referral.acts.js';
import { Act } from './referral.openapi.js';
import { remarkBody } from './referral-triage.dto.js';

/** Bringing an accepted patient to be seen. */
@ApiTags('Referrals')
@Controller('api/v1/referrals/:id')
export class ReferralCareController {
  constructor(
    private readonly care: ReferralCare,
    private readonly desk: ReferralDesk,
  ) {}

  @Post('waitlisting')
  @Needs('referral.triage')
  @Act('waitlist', 'Put on the waiting list', 'Put on the waiting list')
  async waitlist(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: remarkBody }) body: acts.Remark, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.care.waitlist(scope, id, body.comment, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('appointment')
  @Needs('referral.triage')
  @Act('book', 'Book a visit', 'Book a visit')
  async book(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.bookingBody }) body: acts.Visit, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.care.book(scope, id, body, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Delete('appointment')
  @Needs('referral.triage')
  @Act('cancel-appointment', 'Call off the visit', 'Call off the visit')
  async cancelVisit(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.cancelledVisitBody }) body: acts.CalledOff, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.care.cancelVisit(scope, id, body.reason, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('attendance')
  @Needs('referral.triage')
  @Act('attend', 'Record that the patient came', 'Record that the patient came')
  async attend(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.care.attend(scope, id, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('no-show')
  @Needs('referral.triage')
  @Act('miss', 'Record that the patient did not come', 'Record that the patient did not come')
  async miss(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.care.miss(scope, id, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('care')
  @Needs('referral.triage')
  @Act('begin-care', 'Record that care has begun', 'Record that care has begun without a visit booked here')
  async begin(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: remarkBody }) body: acts.Remark, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.care.begin(scope, id, body.comment, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('hold')
  @Needs('referral.triage')
  @Act('hold', 'Pause', 'Pause: work has begun and waits')
  async hold(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.holdBody }) body: acts.Hold, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.care.hold(scope, id, body, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Delete('hold')
  @Needs('referral.triage')
  @Act('resume', 'Resume', 'Resume')
  async resume(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.care.resume(scope, id, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  async #now(scope: Scope, id: string, reply: FastifyReply): Promise<ReferralDetail> {
    const referral = await this.desk.read(scope, id);
    reply.header('etag', etag(referral.version));
    return referral;
  }
}
