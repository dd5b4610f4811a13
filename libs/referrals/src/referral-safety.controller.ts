import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, type Scope } from '@cairn/platform';
import { z } from 'zod';
import { SafetyReports, type ReportPeriod, type SafetyReport } from './safety-report.queries.js';

const instant = z.iso.datetime({ offset: true, error: 'must be an instant such as 2026-12-01T00:00:00Z' }).transform((text) => new Date(text)).optional();
const periodQuery = z.strictObject({ from: instant, to: instant });

/** How much the red flags alarm. */
@ApiTags('Referrals')
@Controller('api/v1/reports/red-flags')
export class ReferralSafetyController {
  constructor(private readonly reports: SafetyReports) {}

  @Get()
  @Needs('referral.read')
  @ApiOperation({ summary: 'Alerts per 100 referrals, by flag, and how soon hard stops were acknowledged', description: 'For referrals received in the period; the last 90 days when none is named.' })
  @ApiQuery({ name: 'from', required: false, example: '2026-01-01T00:00:00Z' })
  @ApiQuery({ name: 'to', required: false, example: '2026-04-01T00:00:00Z' })
  @ApiOkResponse({ description: 'The counts; rates are null where there was no referral' })
  async report(@CurrentScope() scope: Scope, @Query({ schema: periodQuery }) period: ReportPeriod): Promise<SafetyReport> {
    return this.reports.report(scope, period);
  }
}
