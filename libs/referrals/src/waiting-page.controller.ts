import { Body, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { PAGE_POLICY, acceptedLanguages, pageLanguage, type PageLanguage } from '@cairn/outcomes';
import { LOGGER, Public, edgeError, type Logger } from '@cairn/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { WaitingLinks } from './waiting-links.service.js';
import { waitingDonePage, waitingFormPage, waitingWordPage } from './waiting-page.js';

const answerForm = z.object({
  answer: z.enum(['still', 'worse', 'not-wanted']),
  comment: z.string().trim().max(2000).optional().transform((text) => text || undefined),
});

/** The page on which a waiting patient says how things stand. Errors are pages too. */
@ApiExcludeController()
@Public()
@Controller('waiting/:token')
export class WaitingPageController {
  constructor(
    private readonly links: WaitingLinks,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get()
  async form(@Param('token') token: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#answer(token, request, reply, (clinic, language) => send(reply, 200, waitingFormPage(language, clinic)));
  }

  @Post()
  async submit(@Param('token') token: string, @Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#answer(token, request, reply, async (clinic, language) => {
      const said = answerForm.safeParse(body ?? {});
      if (!said.success) return send(reply, 400, waitingFormPage(language, clinic, true));
      await this.links.answer(token, request.id, said.data);
      return send(reply, 200, waitingDonePage(language, said.data.answer === 'worse'));
    });
  }

  async #answer(token: string, request: FastifyRequest, reply: FastifyReply, act: (clinic: string, language: PageLanguage) => Promise<void> | void): Promise<void> {
    const accepted = acceptedLanguages(request.headers['accept-language']);
    try {
      const { clinic, language, waits } = await this.links.open(token, request.id);
      const spoken = pageLanguage(language, ...accepted);
      if (!waits) return send(reply, 410, waitingWordPage(spoken, 'over'));
      await act(clinic, spoken);
    } catch (error) {
      const { status, kind } = edgeError(error);
      if (status >= 500) this.logger.error({ event: 'request.failed', correlationId: request.id, error });
      send(reply, status, waitingWordPage(pageLanguage(...accepted), kind === 'not-found' ? 'unknown' : kind === 'conflict' ? 'over' : 'failed'));
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
