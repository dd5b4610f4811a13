import { Body, Controller, Get, Headers, HttpCode, Param, Post, Res, applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentScope, Needs, etag, versionIn, withExample, type Scope } from '@cairn/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AttendanceRegister } from './attendance-register.service.js';
import { EnrolmentQueries, type EnrolmentView } from './enrolment.queries.js';
import { Enrolments } from './enrolments.service.js';
import type { AttendanceNote, Screening } from './programme.acts.js';
import { attendanceBody, offerBody, reasonBody, screeningBody } from './programme.dto.js';

const id = { schema: z.uuid() };
const SOME_ID = '00000000-0000-7000-8000-000000000001';

/** An act on an enrolment: at the version that was read, answered with the enrolment as it is then. */
const Act = (summary: string): MethodDecorator =>
  applyDecorators(
    HttpCode(200),
    Needs('programme.write'),
    ApiOperation({ summary }),
    ApiHeader({ name: 'If-Match', required: true, example: 'W/"1"', description: 'The ETag of the enrolment that was read' }),
    ApiOkResponse({ description: 'The enrolment as it is now, with what you may do next' }),
  );

/** A person's way through a programme. */
@ApiTags('Programmes')
@Controller('api/v1/enrolments/:id')
export class EnrolmentController {
  constructor(
    private readonly enrolments: Enrolments,
    private readonly register: AttendanceRegister,
    private readonly queries: EnrolmentQueries,
  ) {}

  @Get()
  @Needs('programme.read')
  @ApiOperation({ summary: 'One enrolment with its sessions and its history' })
  @ApiOkResponse({ description: 'The enrolment; the ETag names its version' })
  async read(@CurrentScope() scope: Scope, @Param('id', id) enrolmentId: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<EnrolmentView> {
    return this.#answer(scope, enrolmentId, reply);
  }

  @Post('screening')
  @Act('Write down whether the programme suits the person')
  async screen(@CurrentScope() scope: Scope, @Param('id', id) enrolmentId: string, @Body({ schema: withExample(screeningBody, { suitable: true, note: 'Motivated, can sit for an hour' }) }) body: Screening, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<EnrolmentView> {
    await this.enrolments.screen(scope, enrolmentId, body, versionIn(ifMatch));
    return this.#answer(scope, enrolmentId, reply);
  }

  @Post('waitlisting')
  @Act('Put the person on the waiting list; a free place that fits is offered at once')
  async waitlist(@CurrentScope() scope: Scope, @Param('id', id) enrolmentId: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<EnrolmentView> {
    await this.enrolments.waitlist(scope, enrolmentId, versionIn(ifMatch));
    return this.#answer(scope, enrolmentId, reply);
  }

  @Post('offer')
  @Act('Offer a place in a run')
  async offer(@CurrentScope() scope: Scope, @Param('id', id) enrolmentId: string, @Body({ schema: withExample(offerBody, { cohortId: SOME_ID }) }) { cohortId }: { cohortId: string }, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<EnrolmentView> {
    await this.enrolments.offer(scope, enrolmentId, cohortId, versionIn(ifMatch));
    return this.#answer(scope, enrolmentId, reply);
  }

  @Post('refusal')
  @Act('The person does not take the offered place; it goes to the next')
  async decline(@CurrentScope() scope: Scope, @Param('id', id) enrolmentId: string, @Body({ schema: withExample(reasonBody, { reason: 'Works on Tuesday evenings' }) }) { reason }: { reason: string }, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<EnrolmentView> {
    await this.enrolments.decline(scope, enrolmentId, reason, versionIn(ifMatch));
    return this.#answer(scope, enrolmentId, reply);
  }

  @Post('acceptance')
  @Act('The person takes the offered place')
  async enrol(@CurrentScope() scope: Scope, @Param('id', id) enrolmentId: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<EnrolmentView> {
    await this.enrolments.enrol(scope, enrolmentId, versionIn(ifMatch));
    return this.#answer(scope, enrolmentId, reply);
  }

  @Post('attendances')
  @Act('Write down whether the person came to a session')
  async attend(@CurrentScope() scope: Scope, @Param('id', id) enrolmentId: string, @Body({ schema: withExample(attendanceBody, { sessionId: SOME_ID, state: 'attended' }) }) body: AttendanceNote, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<EnrolmentView> {
    await this.register.note(scope, enrolmentId, body, versionIn(ifMatch));
    return this.#answer(scope, enrolmentId, reply);
  }

  @Post('completion')
  @Act('The person completed the programme')
  async complete(@CurrentScope() scope: Scope, @Param('id', id) enrolmentId: string, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<EnrolmentView> {
    await this.register.complete(scope, enrolmentId, versionIn(ifMatch));
    return this.#answer(scope, enrolmentId, reply);
  }

  @Post('withdrawal')
  @Act('The person leaves before the end; their place goes to the next')
  async withdraw(@CurrentScope() scope: Scope, @Param('id', id) enrolmentId: string, @Body({ schema: withExample(reasonBody, { reason: 'Moves away' }) }) { reason }: { reason: string }, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<EnrolmentView> {
    await this.enrolments.withdraw(scope, enrolmentId, reason, versionIn(ifMatch));
    return this.#answer(scope, enrolmentId, reply);
  }

  async #answer(scope: Scope, enrolmentId: string, reply: FastifyReply): Promise<EnrolmentView> {
    const enrolment = await this.queries.view(scope, enrolmentId);
    reply.header('etag', etag(enrolment.version));
    return enrolment;
  }
}
