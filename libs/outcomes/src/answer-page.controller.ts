import { Body, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { CairnError } from '@cairn/kernel';
import { LOGGER, Public, edgeError, type Logger } from '@cairn/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AnswerLinks } from './answer-links.service.js';
import { PAGE_POLICY, formPage, helpPage, wordPage } from './answer-page.js';
import { acceptedLanguages, pageLanguage, type PageLanguage } from './answer-words.js';

/** The pages that a patient sees who follows a link. Errors are pages too, in the patient's language. */
@ApiExcludeController()
@Public()
@Controller('answer/:token')
export class AnswerPageController {
  constructor(
    private readonly links: AnswerLinks,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get()
  async form(@Param('token') token: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#answer(request, reply, async (browser) => {
      const form = await this.links.open(token, request.id);
      const language = browser(form.language);
      if (form.state === 'done') return send(reply, 200, wordPage(language, 'alreadyTitle', 'already'));
      if (form.state === 'over') return send(reply, 410, wordPage(language, 'overTitle', 'over'));
      return send(reply, 200, formPage({ language, clinic: form.clinic, instrument: form.instrument }));
    });
  }

  @Post()
  async submit(@Param('token') token: string, @Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#answer(request, reply, async (browser) => {
      const given = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
      const form = await this.links.open(token, request.id);
      const { help, refusal } = await this.links.answer(token, request.id, given);
      // Addresses are relative to /answer/{token}, so that they hold under any prefix a proxy adds.
      if (!refusal) return reply.status(303).header('location', help ? `${token}/help` : `${token}/done`).send();
      const language = browser(form.language);
      if (refusal.code !== 'answers') {
        if (help) return reply.status(303).header('location', `${token}/help`).send();
        return form.state === 'done' ? send(reply, 409, wordPage(language, 'alreadyTitle', 'already')) : send(reply, 410, wordPage(language, 'overTitle', 'over'));
      }
      const faults = new Set(refusal.issues.map(({ path }) => path));
      return send(reply, 400, formPage({ language, clinic: form.clinic, instrument: form.instrument, given, faults, ...(help ? { help: { ...help, href: `${token}/help` } } : {}) }));
    });
  }

  @Get('help')
  async help(@Param('token') token: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#answer(request, reply, async (browser) => {
      const { language } = await this.links.open(token, request.id);
      const help = await this.links.help(token, request.id);
      if (!help) return reply.status(303).header('location', 'done').send();
      return send(reply, 200, helpPage(browser(language), help));
    });
  }

  @Post('call-back-number')
  async callBack(@Param('token') token: string, @Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#answer(request, reply, async (browser) => {
      const phone = typeof body === 'object' && body !== null && 'phone' in body ? String(body.phone).slice(0, 40) : '';
      const { language } = await this.links.open(token, request.id);
      try {
        await this.links.callBack(token, request.id, phone);
      } catch (error) {
        if (!(error instanceof CairnError) || error.kind !== 'invalid') throw error;
        const help = await this.links.help(token, request.id);
        return send(reply, 400, help ? helpPage(browser(language), help, phone) : wordPage(browser(language), 'failedTitle', 'callBackWrong'));
      }
      return reply.status(303).header('location', 'done?called').send();
    });
  }

  @Get('done')
  async done(@Param('token') token: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#answer(request, reply, async (browser) => {
      const { language, state } = await this.links.open(token, request.id);
      const called = request.url.endsWith('?called');
      if (state === 'open' && !called) return reply.status(303).header('location', `../${token}`).send();
      return send(reply, 200, wordPage(browser(language), 'doneTitle', called ? 'callBackDone' : 'done'));
    });
  }

  /** Runs the act; whatever goes wrong becomes a page that the patient can read. */
  async #answer(request: FastifyRequest, reply: FastifyReply, act: (browser: (patients: string | undefined) => PageLanguage) => Promise<unknown>): Promise<void> {
    const accepted = acceptedLanguages(request.headers['accept-language']);
    try {
      await act((patients) => pageLanguage(patients, ...accepted));
    } catch (error) {
      const { status, kind } = edgeError(error);
      if (status >= 500) this.logger.error({ event: 'request.failed', correlationId: request.id, error });
      send(reply, status, kind === 'not-found' ? wordPage(pageLanguage(...accepted), 'unknownTitle', 'unknown') : wordPage(pageLanguage(...accepted), 'failedTitle', 'failed'));
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
