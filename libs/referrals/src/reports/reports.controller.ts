import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { organizationId } from '@cairn/people';
import { CurrentScope, Needs, type Scope } from '@cairn/platform';
import type { MeasureReport } from '@medplum/fhirtypes';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { reportAsCsv } from './report.csv.js';
import { reportAsFhir } from './report.fhir.js';
import type { ReferralReport, ReportQuery } from './referral-report.js';
import { ReferralReports } from './referral-reports.service.js';

const month = z.string().regex(/^(19|20)\d\d-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-03');

const reportQuery = z.strictObject({
  from: month.describe('The first month, by the clinic’s calendar'),
  through: month.describe('The last month; the two may be the same'),
  format: z.enum(['json', 'csv', 'fhir']).default('json').describe('`fhir` answers a MeasureReport'),
});

/** Reports for those who run the clinic. */
@ApiTags('Reports')
@Controller('api/v1/reports')
export class ReportsController {
  constructor(private readonly reports: ReferralReports) {}

  @Get('referrals')
  @Needs('report.read')
  @ApiOperation({
    summary: 'Waiting times, flow, reasons of return and decline, time to each step, and who waits how long',
    description: 'Over whole months, at most 24. Groups of fewer than five people are withheld, with as many more as it takes that none can be worked out.',
  })
  @ApiOkResponse({ description: 'The report as JSON, CSV (section, group, measure, value) or FHIR MeasureReport' })
  async referrals(@CurrentScope() scope: Scope, @Query({ schema: reportQuery }) query: ReportQuery, @Res({ passthrough: true }) reply: FastifyReply): Promise<ReferralReport | MeasureReport | string> {
    const report = await this.reports.make(scope, query);
    if (query.format === 'csv') {
      reply.header('content-type', 'text/csv; charset=utf-8').header('content-disposition', `attachment; filename="referrals-${query.from}-${query.through}.csv"`);
      return reportAsCsv(report);
    }
    if (query.format === 'fhir') {
      reply.header('content-type', 'application/fhir+json; charset=utf-8');
      return reportAsFhir(report, `Organization/${organizationId(scope.clinicId)}`);
    }
    return report;
  }
}
