import { Body, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { PAGE_POLICY, acceptedLanguages, helpOf, pageLanguage, type PageLanguage } from '@cairn/outcomes';
import { localDay } from '@cairn/people';
import { CLOCK, LOGGER, Public, edgeError, type Logger, type MovableClock } from '@cairn/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readIntakeForm } from './intake-form.js';
import { IntakeLinks, type OpenedIntake } from './intake-links.service.js';
import { intakeDonePage, intakeFormPage, intakeWordPage } from './intake-page.js';

const STATUS = { used: 409, over: 410, busy: 429 } as const;

/** The page behind a link for self-referral or for a community worker. Errors are pages too. */
@ApiExcludeController()
@Public()
@Controller('refer/:token')
export class IntakePageController {
  constructor(
    private readonly links: IntakeLinks,
    @Inject(CLOCK) private readonly clock: MovableClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get()
  async form(@Param('token') token: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#answer(token, request, reply, ({ name, kind }, language) => send(reply, 200, intakeFormPage({ language, clinic: name, kind })));
  }

  @Post()
  async submit(@Param('token') token: string, @Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#answer(token, request, reply, async ({ clinic, name, kind }, language) => {
      const read = readIntakeForm(body, kind, localDay(this.clock.now(), clinic.zone));
      const given = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
      if ('faults' in read) return send(reply, 400, intakeFormPage({ language, clinic: name, kind, given, faults: read.faults }));
      const { state, danger } = await this.links.refer(token, request.id, read.said);
      if (state !== 'open') return send(reply, STATUS[state], intakeWordPage(language, state));
      return send(reply, 200, intakeDonePage(language, danger ? helpOf(clinic) : undefined));
    });
  }

  /** Runs the act while the link takes referrals; whatever goes wrong becomes a page that people can read. */
  async #answer(token: string, request: FastifyRequest, reply: FastifyReply, act: (opened: OpenedIntake, language: PageLanguage) => Promise<void> | void): Promise<void> {
    const language = pageLanguage(...acceptedLanguages(request.headers['accept-language']));
    try {
      const opened = await this.links.open(token, request.id);
      if (opened.state !== 'open') return send(reply, STATUS[opened.state], intakeWordPage(language, opened.state));
      await act(opened, language);
    } catch (error) {
      const { status, kind } = edgeError(error);
      if (status >= 500) this.logger.error({ event: 'request.failed', correlationId: request.id, error });
      send(reply, status, intakeWordPage(language, kind === 'not-found' ? 'unknown' : 'failed'));
    }
  }
}

const send = (reply: FastifyReply, status: number, page: string): void => {
  void reply
    .status(status)
    .header('content-security-policy', PAGE_POLICY)
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(page);
};
