import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ReferralTeams, type Team, type TeamWords } from './referral-teams.service.js';
import { teamBody } from './worklist.dto.js';
import { MustNameVersion } from './worklist.openapi.js';

/** The clinic's teams: who is in them, and which accepted referrals come to them. */
@ApiTags('Worklist')
@Controller('api/v1/referral-teams')
export class ReferralTeamsController {
  constructor(private readonly teams: ReferralTeams) {}

  @Get()
  @Needs('team.read')
  @ApiOperation({ summary: 'The teams of the clinic; the pool first, which has what no other team takes' })
  @ApiOkResponse({ description: 'All teams' })
  async list(@CurrentScope() scope: Scope): Promise<{ items: Team[] }> {
    return { items: await this.teams.list(scope) };
  }

  @Post()
  @HttpCode(201)
  @Needs('team.write')
  @ApiOperation({ summary: 'Make a team' })
  @ApiCreatedResponse({ description: 'The team; Location names it' })
  async create(@CurrentScope() scope: Scope, @Body({ schema: teamBody }) body: TeamWords, @Res({ passthrough: true }) reply: FastifyReply): Promise<Team> {
    const team = await this.teams.create(scope, body);
    reply.header('location', `/api/v1/referral-teams/${team.id}`).header('etag', etag(team.version));
    return team;
  }

  @Put(':id')
  @Needs('team.write')
  @MustNameVersion()
  @ApiOperation({ summary: 'Change a team and its members' })
  @ApiOkResponse({ description: 'The team as it is now' })
  async change(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: teamBody }) body: TeamWords, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<Team> {
    const team = await this.teams.change(scope, id, body, versionIn(ifMatch));
    reply.header('etag', etag(team.version));
    return team;
  }
}
