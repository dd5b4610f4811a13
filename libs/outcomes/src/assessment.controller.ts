import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AssessmentDesk, type OfferedAssessment } from './assessment-desk.service.js';
import { INSTRUMENTS, INSTRUMENT_IDS, type Instrument } from './instrument.js';
import { answersBody, assessmentsQuery, fhirId, requestBody, type AnswersBody, type AssessmentsQuery, type RequestBody } from './outcomes.dto.js';
import type { Page } from './outcomes.queries.js';
import type { SafetyAlertFacts } from './safety-alert-facts.js';
import type { PatientTrend } from './trends.queries.js';

/** Questionnaires: ask, answer, and see how a patient's scores move. */
@ApiTags('Outcomes')
@Controller('api/v1')
export class AssessmentController {
  constructor(private readonly desk: AssessmentDesk) {}

  @Get('instruments')
  @Needs('outcome.read')
  @ApiOperation({ summary: 'The questionnaires that Cairn carries: text, codes, scoring, what counts as a change, each with its source' })
  @ApiOkResponse({ description: 'All instruments' })
  instruments(): { items: readonly Instrument[] } {
    return { items: INSTRUMENTS };
  }

  @Post('assessments')
  @Needs('outcome.request')
  @ApiOperation({
    summary: 'Ask a patient for a questionnaire',
    description: 'Asking again for the same instrument, patient and due time returns the open one. What can reveal danger (PHQ-9) is asked at a distance only where a safety rota is set up.',
  })
  @ApiCreatedResponse({ description: 'The assessment; the ETag names its version' })
  async request(@CurrentScope() scope: Scope, @Body({ schema: requestBody }) body: RequestBody, @Res({ passthrough: true }) reply: FastifyReply): Promise<OfferedAssessment> {
    const assessment = await this.desk.request(scope, body);
    reply.header('location', `/api/v1/assessments/${assessment.id}`);
    return answered(reply, assessment);
  }

  @Get('assessments')
  @Needs('outcome.read')
  @ApiOperation({ summary: 'Assessments, newest first' })
  @ApiQuery({ name: 'patient', required: false })
  @ApiQuery({ name: 'state', required: false, enum: ['open', 'requested', 'reminded', 'completed', 'expired'] })
  @ApiQuery({ name: 'after', required: false, description: 'The `next` of the page before' })
  @ApiQuery({ name: 'limit', required: false, example: 50 })
  @ApiOkResponse({ description: 'One page' })
  async list(@CurrentScope() scope: Scope, @Query({ schema: assessmentsQuery }) query: AssessmentsQuery): Promise<Page<OfferedAssessment>> {
    return this.desk.list(scope, query);
  }

  @Get('assessments/:id')
  @Needs('outcome.read')
  @ApiOperation({ summary: 'One assessment' })
  @ApiOkResponse({ description: 'The assessment, with what you may do now' })
  async read(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<OfferedAssessment> {
    return answered(reply, await this.desk.read(scope, id));
  }

  @Post('assessments/:id/answers')
  @HttpCode(200)
  @Needs('outcome.record')
  @ApiOperation({
    summary: 'Record the answers, given together with the patient',
    description: 'Numbers for scales, LOINC answer codes for choices, by linkId. Nothing is guessed: every required question needs its answer. The same answers sent twice count once.',
  })
  @ApiOkResponse({ description: 'The scored assessment, and the safety alerts that the answers raised' })
  async answer(
    @CurrentScope() scope: Scope,
    @Param('id', { schema: z.uuid() }) id: string,
    @Body({ schema: answersBody }) body: AnswersBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OfferedAssessment & { alerts: readonly SafetyAlertFacts[] }> {
    const { assessment, alerts } = await this.desk.answer(scope, id, body.answers);
    return { ...answered(reply, assessment), alerts };
  }

  @Post('assessments/:id/link')
  @Needs('outcome.request')
  @ApiOperation({ summary: 'Make a link under which the patient answers without signing in; it is shown this once' })
  @ApiCreatedResponse({ description: 'The address to hand over' })
  async link(@CurrentScope() scope: Scope, @Param('id', { schema: z.uuid() }) id: string): Promise<{ url: string; expiresAt: Date }> {
    return this.desk.link(scope, id);
  }

  @Get('patients/:patientId/trends/:instrument')
  @Needs('outcome.read')
  @ApiOperation({ summary: 'How a patient’s scores move against the baseline: improved, unchanged or worse by the smallest change that matters' })
  @ApiOkResponse({ description: 'All points, oldest first; each names the rule that decided and whether that rule was checked against its source' })
  async trend(
    @CurrentScope() scope: Scope,
    @Param('patientId', { schema: fhirId }) patientId: string,
    @Param('instrument', { schema: z.enum(INSTRUMENT_IDS) }) instrument: string,
  ): Promise<PatientTrend> {
    return this.desk.trend(scope, patientId, instrument);
  }
}

const answered = (reply: FastifyReply, assessment: OfferedAssessment): OfferedAssessment => {
  reply.header('etag', etag(assessment.version));
  return assessment;
};
