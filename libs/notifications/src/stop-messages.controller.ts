import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public, html, type SafeHtml } from '@cairn/platform';
import { sendPage } from './plain-page.js';
import { StopMessages, type StopPage } from './stop-messages.service.js';
import { stopPageText, wordingFor } from './template.js';

const ELSEWHERE: StopPage = { wording: wordingFor('en', false), parameters: { clinic: '', phone: '' } };

/** The page behind the link that ends all messages. Public: the link itself is the proof. */
@ApiExcludeController()
@Public()
@Controller('stop')
export class StopMessagesController {
  constructor(private readonly messages: StopMessages) {}

  @Get(':token')
  async ask(@Param('token') token: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const page = await this.messages.look(token, request.id);
    await (page ? send(reply, page, (say) => html`<p>${say('ask')}</p><form method="post"><button>${say('button')}</button></form>`) : gone(reply));
  }

  /** Sent by the page's button, or by a mail program's own (RFC 8058). */
  @Post(':token')
  @HttpCode(200)
  async stop(@Param('token') token: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const page = await this.messages.stop(token, request.id);
    await (page ? send(reply, page, (say) => html`<p>${say('done')}</p>`) : gone(reply));
  }
}

type Say = (part: 'title' | 'ask' | 'button' | 'done' | 'unknown') => string;

const gone = (reply: FastifyReply): FastifyReply => send(reply.code(404), ELSEWHERE, (say) => html`<p>${say('unknown')}</p>`);

function send(reply: FastifyReply, { wording, parameters }: StopPage, body: (say: Say) => SafeHtml): FastifyReply {
  const say: Say = (part) => stopPageText(part, wording, parameters);
  return sendPage(reply, { language: wording.language, title: say('title') }, body(say));
}
