import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { BrokenGlass } from '@cairn/fhir';
import { CurrentScope, Needs, withExample, type Scope } from '@cairn/platform';
import { z } from 'zod';
import { BreakGlass, type BrokenGlassPage } from './break-glass.service.js';
import { fhirId } from './contact.dto.js';

const breakGlassBody = withExample(z.object({ reason: z.string().trim().min(10).max(500) }), { reason: 'Unconscious in the emergency department; current medication must be known' });
const reviewBody = withExample(z.object({ note: z.string().trim().min(3).max(500) }), { note: 'Confirmed with the emergency department' });
const listQuery = z.object({ unreviewed: z.enum(['true', 'false']).default('false'), after: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(100).default(50) });

/** Seeing labelled records in an emergency. */
@ApiTags('Privacy')
@Controller('api/v1')
export class BreakGlassController {
  constructor(private readonly glass: BreakGlass) {}

  @Post('patients/:id/break-glass')
  @HttpCode(201)
  @Needs('patient.break-glass')
  @ApiOperation({ summary: "See a patient's labelled records in an emergency: with a reason, for a limited time; it is reviewed" })
  @ApiCreatedResponse({ description: 'Until when the records are open to you' })
  async open(@CurrentScope() scope: Scope, @Param('id', { schema: fhirId }) id: string, @Body({ schema: breakGlassBody }) { reason }: z.infer<typeof breakGlassBody>): Promise<BrokenGlass> {
    return this.glass.open(scope, id, reason);
  }

  @Get('break-glass')
  @Needs('audit.review')
  @ApiOperation({ summary: 'Who broke the glass for whom, why and until when; newest first' })
  @ApiOkResponse({ description: 'A page; `next` is the cursor of the one after it' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: listQuery }) { unreviewed, after, limit }: z.infer<typeof listQuery>): Promise<BrokenGlassPage> {
    return this.glass.list(scope, { unreviewed: unreviewed === 'true', after, limit });
  }

  @Post('break-glass/:id/review')
  @HttpCode(200)
  @Needs('audit.review')
  @ApiOperation({ summary: 'Record that you looked into it' })
  @ApiOkResponse({ description: 'The record, with the review' })
  async review(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Body({ schema: reviewBody }) { note }: z.infer<typeof reviewBody>): Promise<BrokenGlass> {
    return this.glass.review(scope, id, note);
  }
}
