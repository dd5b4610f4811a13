import { createHash } from 'node:crypto';
import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public, SafeHtml, html } from '@cairn/platform';
import { StopMessages, type StopPage } from './stop-messages.service.js';
import { stopPageText, wordingFor } from './template.js';

const STYLE = ':root{color-scheme:light dark;font:1.125rem/1.5 system-ui,sans-serif}body{max-width:36rem;margin:0 auto;padding:1rem}button{font:inherit;padding:.75rem 1.25rem;min-height:2.75rem}';

/** What the browser may do with the page: show it with its own style, and send its form back. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

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
  const markup = html`<html lang="${wording.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${say('title')}</title><style>${new SafeHtml(STYLE)}</style></head><body><main><h1>${say('title')}</h1>${body(say)}</main></body></html>`;
  return reply
    .headers({ 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>${markup.text}`);
}
