import { Body, Controller, Delete, Headers, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ReferralDesk, type ReferralDetail } from './referral-desk.service.js';
import type * as acts from './referral.acts.js';
import { Act } from './referral.openapi.js';
import * as dto from './referral-triage.dto.js';
import { demandedVersion } from './demanded-version.js';
import { ReferralTriage } from './referral-triage.service.js';

/** Deciding on a referral. */
@ApiTags('Referrals')
@Controller('api/v1/referrals/:id')
export class ReferralTriageController {
  constructor(
    private readonly triage: ReferralTriage,
    private readonly desk: ReferralDesk,
  ) {}

  @Post('triage')
  @Needs('referral.triage')
  @Act('open-triage', 'Open for triage', 'Open a referral for triage, or a waiting one for triage again')
  async open(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.triage.open(scope, id, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('flags/:flag/acknowledgement')
  @Needs('referral.acknowledge')
  @Act('acknowledge-flag', 'Acknowledge the red flag', 'Take note of a red flag and say what was done (clinicians only)')
  async acknowledge(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Param('flag', { schema: dto.flagId }) flag: string, @Body({ schema: dto.acknowledgementBody }) body: acts.Acknowledgement, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.triage.acknowledge(scope, id, flag, body.actionTaken, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('information-request')
  @Needs('referral.triage')
  @Act('request-information', 'Ask the referrer', 'Ask the referrer for information')
  async ask(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.questionBody }) body: acts.Question, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.triage.ask(scope, id, body, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('information')
  @Needs('referral.triage')
  @Act('provide-information', 'Record the answer', 'Record that the referrer answered')
  async answered(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.remarkBody }) body: acts.Remark, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.triage.answered(scope, id, body.comment, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Delete('information-request')
  @Needs('referral.acknowledge')
  @Act('stop-waiting', 'Go on without the answer', 'Go on without the answer (clinicians only)')
  async stopWaiting(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.triage.stopWaiting(scope, id, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('acceptance')
  @Needs('referral.triage')
  @Act('accept', 'Accept', 'Accept, with urgency, pathway and a comment', { decision: true })
  async accept(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.acceptanceBody }) body: acts.Acceptance, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.triage.accept(scope, id, body, demandedVersion(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('decline')
  @Needs('referral.triage')
  @Act('decline', 'Return with advice', 'Return the referral to the referrer with a reason and advice', { decision: true })
  async decline(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.declineBody }) body: acts.Decline, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.triage.decline(scope, id, body, demandedVersion(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('redirection')
  @Needs('referral.triage')
  @Act('redirect', 'Redirect', 'Pass the referral on to somebody else', { decision: true })
  async redirect(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.redirectionBody }) body: acts.Redirection, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.triage.redirect(scope, id, body, demandedVersion(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('redirection/confirmation')
  @Needs('referral.triage')
  @Act('confirm-redirection', 'Confirm that the receiver took over', 'Confirm that the receiver has taken the patient on')
  async confirmRedirection(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.remarkBody }) body: acts.Remark, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.triage.confirmRedirection(scope, id, body.comment, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Delete('decision')
  @Needs('referral.triage')
  @Act('undo', 'Undo the decision', 'Undo a decision while its window is open')
  async undo(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.triage.undo(scope, id, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('correction')
  @Needs('referral.triage')
  @Act('correct', 'Correct the decision', 'Correct urgency or pathway after the window; the referrer is told', { decision: true })
  async correct(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: dto.acceptanceBody }) body: acts.Acceptance, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.triage.correct(scope, id, body, demandedVersion(ifMatch));
    return this.#now(scope, id, reply);
  }

  async #now(scope: Scope, id: string, reply: FastifyReply): Promise<ReferralDetail> {
    const referral = await this.desk.read(scope, id);
    reply.header('etag', etag(referral.version));
    return referral;
  }
}
