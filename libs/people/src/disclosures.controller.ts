import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, type AuditPlace, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { fhirId } from './contact.dto.js';
import { disclosuresCsv } from './disclosures.csv.js';
import { Disclosures, type DisclosurePage } from './disclosures.service.js';

const place = z.tuple([z.string().regex(/^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/), z.uuid()]);

const cursor = z.string().max(200).transform((text, context): AuditPlace => {
  try {
    const read = place.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    if (read.success) return read.data;
  } catch {
    // No JSON, so no cursor of ours.
  }
  context.addIssue('Use `next` of the page before, as it was given.');
  return z.NEVER;
});

const disclosuresQuery = z.object({
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  format: z.enum(['json', 'csv']).default('json'),
  after: cursor.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

/** Who saw or received what of a patient. */
@ApiTags('Privacy')
@Controller('api/v1/patients/:id/disclosures')
export class DisclosuresController {
  constructor(private readonly disclosures: Disclosures) {}

  @Get()
  @Needs('audit.review')
  @ApiOperation({ summary: 'Who saw, received or was refused what of a patient: people, systems, messages, deliveries to EHRs, exports; newest first' })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ description: 'A page; `next` (in CSV the header `x-next-cursor`) is the cursor of the one after it' })
  async report(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: fhirId }) id: string,
    @Query({ schema: disclosuresQuery }) { from, to, format, after, limit }: z.infer<typeof disclosuresQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DisclosurePage | string> {
    const page = await this.disclosures.of(scope, id, { from: from === undefined ? undefined : new Date(from), to: to === undefined ? undefined : new Date(to), after, limit });
    if (format === 'json') return page;
    void reply.type('text/csv; charset=utf-8').header('content-disposition', 'attachment; filename="disclosures.csv"');
    if (page.next !== undefined) void reply.header('x-next-cursor', page.next);
    return disclosuresCsv(page.items);
  }
}
