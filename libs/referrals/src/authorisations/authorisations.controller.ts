import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Does } from '../actions/referral-act.js';
import { MustNameVersion } from '../worklist/worklist.openapi.js';
import { AuthorisationDesk, viewOf, type AuthorisationPage, type AuthorisationView } from './authorisation-desk.service.js';
import * as dto from './authorisation.dto.js';
import { Authorisations, type Grant, type Need } from './authorisations.service.js';

const uuid = { schema: z.uuid() };

/** What insurers must allow first: asked for, granted until when and for how many visits, denied. */
@ApiTags('Authorisations')
@Controller('api/v1')
export class AuthorisationsController {
  constructor(
    private readonly authorisations: Authorisations,
    private readonly desk: AuthorisationDesk,
  ) {}

  @Get('referral-authorisations')
  @Needs('referral.read')
  @ApiOperation({ summary: 'Authorisations that are not closed, what must happen first at the top' })
  @ApiOkResponse({ description: 'One page; `next` is absent on the last' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: dto.authorisationsQuery }) query: { after?: string; limit: number }): Promise<AuthorisationPage> {
    return this.desk.list(scope, query);
  }

  @Get('referrals/:id/authorisations')
  @Needs('referral.read')
  @ApiOperation({ summary: 'The authorisations of a referral' })
  @ApiOkResponse({ description: 'Oldest first' })
  async ofReferral(@CurrentScope() scope: Scope, @Param('id', uuid) id: string): Promise<{ items: AuthorisationView[] }> {
    return { items: await this.desk.ofReferral(scope, id) };
  }

  @Post('referrals/:id/authorisations')
  @Does('open-authorisation', 'Note that an insurer must allow it first')
  @HttpCode(201)
  @Needs('referral.triage')
  @ApiOperation({ summary: 'Note that an insurer must allow something first' })
  @ApiCreatedResponse({ description: 'The authorisation; Location names it' })
  async open(@CurrentScope() scope: Scope, @Param('id', uuid) id: string, @Body({ schema: dto.needBody }) body: Need, @Res({ passthrough: true }) reply: FastifyReply): Promise<AuthorisationView> {
    const row = await this.authorisations.open(scope, id, body);
    reply.header('location', `/api/v1/referral-authorisations/${row.id}`);
    return answered(reply, viewOf(row));
  }

  @Get('referral-authorisations/:id')
  @Needs('referral.read')
  @ApiOperation({ summary: 'One authorisation' })
  @ApiOkResponse({ description: 'It, and what you may do' })
  async read(@CurrentScope() scope: Scope, @Param('id', uuid) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<AuthorisationView> {
    return answered(reply, await this.desk.read(scope, id));
  }

  @Post('referral-authorisations/:id/request')
  @HttpCode(200)
  @Needs('referral.triage')
  @MustNameVersion()
  @ApiOperation({ summary: 'Record that the insurer was asked, for the first time or again' })
  @ApiOkResponse({ description: 'The authorisation as it is now' })
  async ask(@CurrentScope() scope: Scope, @Param('id', uuid) id: string, @Body({ schema: dto.askBody }) body: { number?: string }, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<AuthorisationView> {
    return this.#done(reply, this.authorisations.ask(scope, id, body.number, versionIn(ifMatch)));
  }

  @Post('referral-authorisations/:id/grant')
  @HttpCode(200)
  @Needs('referral.triage')
  @MustNameVersion()
  @ApiOperation({ summary: 'Record what the insurer grants: from when until when, and how many visits' })
  @ApiOkResponse({ description: 'The authorisation as it is now' })
  async grant(@CurrentScope() scope: Scope, @Param('id', uuid) id: string, @Body({ schema: dto.grantBody }) body: Grant, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<AuthorisationView> {
    return this.#done(reply, this.authorisations.grant(scope, id, body, versionIn(ifMatch)));
  }

  @Post('referral-authorisations/:id/denial')
  @HttpCode(200)
  @Needs('referral.triage')
  @MustNameVersion()
  @ApiOperation({ summary: 'Record that the insurer refuses, and why' })
  @ApiOkResponse({ description: 'The authorisation as it is now' })
  async deny(@CurrentScope() scope: Scope, @Param('id', uuid) id: string, @Body({ schema: dto.denialBody }) body: { reason: string }, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<AuthorisationView> {
    return this.#done(reply, this.authorisations.deny(scope, id, body.reason, versionIn(ifMatch)));
  }

  @Post('referral-authorisations/:id/visits')
  @HttpCode(200)
  @Needs('referral.triage')
  @ApiOperation({ summary: 'Count a visit that no kept Appointment and no finished Encounter tells of' })
  @ApiOkResponse({ description: 'The authorisation as it is now' })
  async visited(@CurrentScope() scope: Scope, @Param('id', uuid) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<AuthorisationView> {
    return answered(reply, await this.desk.visited(scope, id));
  }

  @Post('referral-authorisations/:id/closure')
  @HttpCode(200)
  @Needs('referral.triage')
  @MustNameVersion()
  @ApiOperation({ summary: 'Close it: nothing more is needed of the insurer' })
  @ApiOkResponse({ description: 'The authorisation as it is now' })
  async close(@CurrentScope() scope: Scope, @Param('id', uuid) id: string, @Body({ schema: dto.closureBody }) body: { comment: string }, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<AuthorisationView> {
    return this.#done(reply, this.authorisations.close(scope, id, body.comment, versionIn(ifMatch)));
  }

  async #done(reply: FastifyReply, act: ReturnType<Authorisations['ask']>): Promise<AuthorisationView> {
    return answered(reply, viewOf(await act));
  }
}

const answered = (reply: FastifyReply, view: AuthorisationView): AuthorisationView => {
  reply.header('etag', etag(view.version));
  return view;
};
