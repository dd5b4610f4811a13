import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public, html } from '@cairn/platform';
import { sendPage } from '../plain-page.js';
import { LetterDesk } from './letter-desk.service.js';

const HEADING = { language: 'en', title: 'A letter for you' };

/** The page behind the link in a mail to a referrer. Public: the link itself is the proof. The letter comes by the button, as mail programs follow links by themselves. */
@ApiExcludeController()
@Public()
@Controller('letters')
export class LetterPageController {
  constructor(private readonly desk: LetterDesk) {}

  @Get(':token')
  async show(@Param('token') token: string, @Res() reply: FastifyReply): Promise<void> {
    await ((await this.desk.isThere(token)) ? sendPage(reply, HEADING, html`<p>The clinic has written to you about a patient whom you referred.</p><form method="post"><button>Open the letter (PDF)</button></form>`) : gone(reply));
  }

  @Post(':token')
  @HttpCode(200)
  async fetch(@Param('token') token: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const pdf = await this.desk.fetch(token, request.id);
    await (pdf ? reply.headers({ 'cache-control': 'no-store', 'content-disposition': 'inline; filename="letter.pdf"' }).type('application/pdf').send(pdf) : gone(reply));
  }
}

const gone = (reply: FastifyReply): FastifyReply => sendPage(reply.code(404), HEADING, html`<p>This link is no longer good. Please call the clinic.</p>`);
