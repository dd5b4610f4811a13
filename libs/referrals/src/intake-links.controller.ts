import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, type Scope } from '@cairn/platform';
import { z } from 'zod';
import { intakeLinkBody } from './intake-links.dto.js';
import { IntakeLinks, type IntakeLinkView } from './intake-links.service.js';
import type { IntakeLinkWish } from './referral.acts.js';

/** Links by which patients refer themselves, and community workers refer patients. */
@ApiTags('Intake')
@Controller('api/v1/intake-links')
export class IntakeLinksController {
  constructor(private readonly links: IntakeLinks) {}

  @Post()
  @HttpCode(201)
  @Needs('referral.register')
  @ApiOperation({ summary: 'Make a link for a self-referral, or for a community worker', description: 'The address is shown once. It holds nothing about a patient.' })
  @ApiCreatedResponse({ description: 'The link with its address' })
  async issue(@CurrentScope() scope: Scope, @Body({ schema: intakeLinkBody }) body: IntakeLinkWish): Promise<IntakeLinkView & { readonly url: string }> {
    return this.links.issue(scope, body);
  }

  @Get()
  @Needs('referral.read')
  @ApiOperation({ summary: 'The links, the newest first' })
  @ApiOkResponse({ description: 'Without their addresses' })
  async list(@CurrentScope() scope: Scope): Promise<{ items: IntakeLinkView[] }> {
    return { items: await this.links.list(scope) };
  }

  @Delete(':id')
  @HttpCode(204)
  @Needs('referral.register')
  @ApiOperation({ summary: 'Take a link back' })
  @ApiNoContentResponse({ description: 'It opens nothing any more' })
  async revoke(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string): Promise<void> {
    await this.links.revoke(scope, id);
  }
}
