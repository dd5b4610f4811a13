import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { savedViewBody } from './worklist.dto.js';
import { MustNameVersion } from './worklist.openapi.js';
import { WorklistViews, type SavedView, type SavedViewWords } from './worklist-views.service.js';

/** Views of the worklist that people keep for themselves or share with a team. */
@ApiTags('Worklist')
@Controller('api/v1/referral-views')
export class WorklistViewsController {
  constructor(private readonly views: WorklistViews) {}

  @Get()
  @Needs('referral.read')
  @ApiOperation({ summary: 'Your saved views, and those shared with your teams' })
  @ApiOkResponse({ description: 'By name' })
  async list(@CurrentScope() scope: Scope): Promise<{ items: SavedView[] }> {
    return { items: await this.views.list(scope) };
  }

  @Post()
  @HttpCode(201)
  @Needs('referral.read')
  @ApiOperation({ summary: 'Keep a view with its filters' })
  @ApiCreatedResponse({ description: 'The view; Location names it' })
  async create(@CurrentScope() scope: Scope, @Body({ schema: savedViewBody }) body: SavedViewWords, @Res({ passthrough: true }) reply: FastifyReply): Promise<SavedView> {
    const view = await this.views.create(scope, body);
    reply.header('location', `/api/v1/referral-views/${view.id}`).header('etag', etag(view.version));
    return view;
  }

  @Put(':id')
  @Needs('referral.read')
  @MustNameVersion()
  @ApiOperation({ summary: 'Change a view of yours' })
  @ApiOkResponse({ description: 'The view as it is now' })
  async change(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: savedViewBody }) body: SavedViewWords, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<SavedView> {
    const view = await this.views.change(scope, id, body, versionIn(ifMatch));
    reply.header('etag', etag(view.version));
    return view;
  }

  @Delete(':id')
  @HttpCode(204)
  @Needs('referral.read')
  @ApiOperation({ summary: 'Delete a view of yours' })
  @ApiNoContentResponse({ description: 'It is gone' })
  async remove(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string): Promise<void> {
    await this.views.remove(scope, id);
  }
}
