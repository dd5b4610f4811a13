import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ReferralDesk, type ReferralDetail } from './referral-desk.service.js';
import type { Registration } from './referral.acts.js';
import { registrationBody } from './referral-registration.dto.js';
import { ReferralRegistration } from './referral-registration.service.js';
import type { Page, WorklistItem } from './referral.queries.js';
import { WorklistCounts, type Counts, type CountsQuery } from './worklist/worklist-counts.service.js';
import { countsQuery, worklistQuery } from './worklist/worklist.dto.js';
import type { WorklistQuery } from './worklist/worklist.js';

/** The worklist, one referral, and referrals that are typed in. */
@ApiTags('Referrals')
@Controller('api/v1/referrals')
export class ReferralController {
  constructor(
    private readonly desk: ReferralDesk,
    private readonly registration: ReferralRegistration,
    private readonly worklistCounts: WorklistCounts,
  ) {}

  @Get()
  @Needs('referral.read')
  @ApiOperation({ summary: 'One view of the worklist: red flags first, then what is due first' })
  @ApiOkResponse({ description: 'One page; `next` is absent on the last' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: worklistQuery }) query: WorklistQuery): Promise<Page<WorklistItem>> {
    return this.desk.list(scope, query);
  }

  @Get('counts')
  @Needs('referral.read')
  @ApiOperation({ summary: 'How many referrals each view holds, exact up to 1,000', description: 'At most five seconds old, and of this moment where filters narrow them. Takes the filters of the list. Where nothing narrows them, `otherWork` tells what waits in other lists: writes of EHRs that were refused and may have carried a referral, letters, Tasks that an EHR did not take, escalations, safety alerts and so on.' })
  @ApiOkResponse({ description: 'The counts and as of when' })
  async counts(@CurrentScope() scope: Scope, @Query({ schema: countsQuery }) query: CountsQuery): Promise<Counts> {
    return this.worklistCounts.counts(scope, query);
  }

  @Get(':id')
  @Needs('referral.read')
  @ApiOperation({ summary: 'One referral: facts, red flags, what is missing, both clocks, history, and what you may do now' })
  @ApiOkResponse({ description: 'The referral; its ETag is what a decision must name as If-Match' })
  async read(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    return answered(reply, await this.desk.read(scope, id));
  }

  @Post()
  @HttpCode(201)
  @Needs('referral.register')
  @ApiOperation({ summary: 'Type in a referral that was phoned, faxed or written', description: 'Places the request in FHIR on the referrer’s behalf, with a Task that Cairn owns, and the patient if there is none yet.' })
  @ApiCreatedResponse({ description: 'The referral; Location names it' })
  async register(@CurrentScope() scope: Scope, @Body({ schema: registrationBody }) body: Registration, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralDetail> {
    const id = await this.registration.register(scope, body);
    reply.header('location', `/api/v1/referrals/${id}`);
    return answered(reply, await this.desk.read(scope, id));
  }
}

const answered = (reply: FastifyReply, referral: ReferralDetail): ReferralDetail => {
  reply.header('etag', etag(referral.version));
  return referral;
};
