import { Body, Controller, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Does } from './actions/referral-act.js';
import { ReferralAttachments, type Attached } from './referral-attachments.service.js';

const titleQuery = z.strictObject({ title: z.string().trim().min(1).max(200) });

/** What came with a referral on paper. */
@ApiTags('Referrals')
@Controller('api/v1/referrals/:id/attachments')
export class ReferralAttachmentsController {
  constructor(private readonly attachments: ReferralAttachments) {}

  @Post()
  @Does('attach', 'Attach a file')
  @HttpCode(201)
  @Needs('referral.register')
  @ApiOperation({ summary: 'Attach a scanned fax, letter or picture to a referral', description: 'The body is the file itself; Content-Type says which: PDF, PNG, JPEG or TIFF. Kept as Binary and DocumentReference.' })
  @ApiConsumes('application/pdf', 'image/png', 'image/jpeg', 'image/tiff')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiQuery({ name: 'title', required: true, example: 'Fax of 1 December' })
  @ApiCreatedResponse({ description: 'Where it is kept; Location names the DocumentReference' })
  async attach(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: z.uuid() }) id: string,
    @Query({ schema: titleQuery }) { title }: { title: string },
    @Headers('content-type') contentType: string | undefined,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Attached> {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const attached = await this.attachments.attach(scope, id, { title, contentType: contentType?.split(';')[0]?.trim().toLowerCase() ?? '', bytes });
    reply.header('location', `/fhir/DocumentReference/${attached.documentReferenceId}`);
    return attached;
  }
}
