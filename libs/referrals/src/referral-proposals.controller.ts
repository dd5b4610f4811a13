import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, withExample, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ReferralDesk, type ReferralDetail } from './referral-desk.service.js';
import type * as acts from './referral.acts.js';
import type { Page } from './referral.queries.js';
import { ReferralProposals, type ProposalView, type ProposalsQuery } from './referral-proposals.service.js';
import { URGENCIES } from './referral.settings.js';
import { remarkBody } from './referral-triage.dto.js';

const proposalsQuery = z.strictObject({
  state: z.enum(['open', 'accepted', 'dismissed']).default('open'),
  after: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
const acceptanceBody = withExample(z.strictObject({ urgency: z.enum(URGENCIES).default('routine'), comment: z.string().trim().min(1).max(4000) }), {
  urgency: 'urgent',
  comment: 'Spoke with the ward: the patient wants to come.',
});

/** Patients whom nobody has referred, and whose pain goes on after a procedure. */
@ApiTags('Intake')
@Controller('api/v1/referral-proposals')
export class ReferralProposalsController {
  constructor(
    private readonly proposals: ReferralProposals,
    private readonly desk: ReferralDesk,
  ) {}

  @Get()
  @Needs('referral.read')
  @ApiOperation({ summary: 'Proposals from discharges, the oldest first' })
  @ApiQuery({ name: 'state', required: false, enum: ['open', 'accepted', 'dismissed'], description: 'Default: open' })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 25 })
  @ApiOkResponse({ description: 'One page' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: proposalsQuery }) query: ProposalsQuery): Promise<Page<ProposalView>> {
    return this.proposals.list(scope, query);
  }

  @Post(':id/acceptance')
  @HttpCode(201)
  @Needs('referral.register')
  @ApiOperation({ summary: 'Make a referral of it: it goes to triage like any other' })
  @ApiCreatedResponse({ description: 'The referral; Location names it' })
  async accept(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: acceptanceBody }) body: acts.ProposalAcceptance, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    const referralId = await this.proposals.accept(scope, id, body);
    const referral = await this.desk.read(scope, referralId);
    reply.header('location', `/api/v1/referrals/${referralId}`).header('etag', etag(referral.version));
    return referral;
  }

  @Post(':id/dismissal')
  @HttpCode(204)
  @Needs('referral.register')
  @ApiOperation({ summary: 'Make no referral of it, and say why' })
  @ApiNoContentResponse({ description: 'Not proposed again for the same procedure' })
  async dismiss(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: remarkBody }) body: acts.Remark): Promise<void> {
    await this.proposals.dismiss(scope, id, body.comment);
  }
}
