import { Body, Controller, Headers, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { demandedVersion } from './demanded-version.js';
import { ReferralDesk, type ReferralDetail } from './referral-desk.service.js';
import { ReferralDuplicates } from './referral-duplicates.service.js';
import type * as acts from './referral.acts.js';
import { Act } from './referral.openapi.js';
import { remarkBody } from './referral-triage.dto.js';

/** Saying whether two referrals are one. */
@ApiTags('Referrals')
@Controller('api/v1/referrals/:id/duplicates/:other')
export class ReferralDuplicatesController {
  constructor(
    private readonly duplicates: ReferralDuplicates,
    private readonly desk: ReferralDesk,
  ) {}

  @Post('confirmation')
  @Needs('referral.triage')
  @Act('close-duplicate', 'End as a duplicate of the other', 'End this referral as a duplicate of the other, which goes on; the referrer is told', { decision: true })
  async confirm(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Param('other', { schema: z.uuid() }) other: string, @Body({ schema: remarkBody }) body: acts.Remark, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.duplicates.confirm(scope, id, other, body.comment, demandedVersion(ifMatch));
    return this.#now(scope, id, reply);
  }

  @Post('dismissal')
  @Needs('referral.triage')
  @Act('dismiss-duplicate', 'Say that the two are separate', 'Say that the two are separate')
  async dismiss(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Param('other', { schema: z.uuid() }) other: string, @Body({ schema: remarkBody }) body: acts.Remark, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    await this.duplicates.dismiss(scope, id, other, body.comment, versionIn(ifMatch));
    return this.#now(scope, id, reply);
  }

  async #now(scope: Scope, id: string, reply: FastifyReply): Promise<ReferralDetail> {
    const referral = await this.desk.read(scope, id);
    reply.header('etag', etag(referral.version));
    return referral;
  }
}
