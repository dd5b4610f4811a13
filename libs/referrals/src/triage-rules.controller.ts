import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { ruleSetBody, trialBody, versionParam } from './triage-rules.dto.js';
import { TriageRules, type RuleSetView, type Trial } from './triage-rules.service.js';
import type { TriageRule } from './triage-rules.js';

/** The clinic's own triage rules: versions that are tried on the past before they are put in force. */
@ApiTags('Triage rules')
@Controller('api/v1/triage-rules')
export class TriageRulesController {
  constructor(private readonly rules: TriageRules) {}

  @Get()
  @Needs('referral.read')
  @ApiOperation({ summary: 'All versions of the clinic’s triage rules, the newest first', description: 'Where none is live, Cairn’s own rules are in force.' })
  @ApiOkResponse({ description: 'The versions' })
  async list(@CurrentScope() scope: Scope): Promise<{ items: RuleSetView[] }> {
    return { items: await this.rules.list(scope) };
  }

  @Get(':version')
  @Needs('referral.read')
  @ApiOperation({ summary: 'One version' })
  @ApiOkResponse({ description: 'The version' })
  async read(@CurrentScope() scope: Scope, @Param('version', { schema: versionParam }) version: number): Promise<RuleSetView> {
    return this.rules.read(scope, version);
  }

  @Post()
  @HttpCode(201)
  @Needs('triage-rules.manage')
  @ApiOperation({ summary: 'Make a new version, as a draft' })
  @ApiCreatedResponse({ description: 'The draft; Location names it' })
  async draft(@CurrentScope() scope: Scope, @Body({ schema: ruleSetBody }) body: { note: string; rules: TriageRule[] }, @Res({ passthrough: true }) reply: FastifyReply): Promise<RuleSetView> {
    const made = await this.rules.draft(scope, body.note, body.rules);
    reply.header('location', `/api/v1/triage-rules/${made.version}`);
    return made;
  }

  @Post(':version/trial')
  @HttpCode(200)
  @Needs('triage-rules.manage')
  @ApiOperation({ summary: 'Try a version on past referrals: what it would have suggested, and what was decided' })
  @ApiOkResponse({ description: 'How often it agreed, by rule, and where it did not' })
  async trial(@CurrentScope() scope: Scope, @Param('version', { schema: versionParam }) version: number, @Body({ schema: trialBody }) body: { referrals: number }): Promise<Trial> {
    return this.rules.trial(scope, version, body.referrals);
  }

  @Post(':version/activation')
  @HttpCode(200)
  @Needs('triage-rules.manage')
  @ApiOperation({ summary: 'Put a version in force; the one before is retired', description: 'Only one that was tried.' })
  @ApiOkResponse({ description: 'The version, live' })
  async activate(@CurrentScope() scope: Scope, @Param('version', { schema: versionParam }) version: number): Promise<RuleSetView> {
    return this.rules.activate(scope, version);
  }
}
