import { Body, Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Public } from '@cairn/platform';
import type { FastifyRequest } from 'fastify';
import { AnswerLinks, type Help } from './answer-links.service.js';
import type { Instrument } from './instrument.js';
import { answersBody, callBackBody, type AnswersBody, type CallBackBody } from './outcomes.dto.js';

/** What a patient's app or page needs to show the questionnaire. */
interface FormAnswer {
  readonly state: 'open' | 'done' | 'over';
  readonly clinic: string;
  readonly language: string | null;
  readonly expiresAt: Date;
  readonly instrument: Pick<Instrument, 'id' | 'title' | 'language' | 'items'> & { readonly introduction: string | null; readonly notice: string | null };
}

/** A questionnaire behind a patient's link, as JSON. The link in the path is the permission; there is no token. */
@ApiTags('Answers by link')
@ApiParam({ name: 'token', description: 'The last part of the link that the patient was sent' })
@Public()
@Controller('api/v1/answers/:token')
export class AnswerController {
  constructor(private readonly links: AnswerLinks) {}

  @Get()
  @ApiOperation({ summary: 'The questionnaire behind a patient’s link' })
  @ApiOkResponse({ description: 'The questions in the language of their text, and whether they can still be answered' })
  async open(@Param('token') token: string, @Req() request: FastifyRequest): Promise<FormAnswer> {
    const { instrument, state, clinic, language, expiresAt } = await this.links.open(token, request.id);
    const { id, title, items, introduction, licence } = instrument;
    return {
      state,
      clinic,
      language: language ?? null,
      expiresAt,
      instrument: { id, title, language: instrument.language, items, introduction: introduction?.text ?? null, notice: licence.notice ?? null },
    };
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Answer the questionnaire behind a patient’s link',
    description: '`help` stands in the answer when the patient needs help now: show it before anything says "done", and ask for a number to call back.',
  })
  @ApiOkResponse({ description: 'The answers were taken; sent twice, they count once' })
  async answer(@Param('token') token: string, @Body({ schema: answersBody }) body: AnswersBody, @Req() request: FastifyRequest): Promise<{ state: 'done'; help: Help | null }> {
    const { help, refusal } = await this.links.answer(token, request.id, body.answers);
    if (refusal) throw refusal;
    return { state: 'done', help: help ?? null };
  }

  @Post('call-back-number')
  @HttpCode(204)
  @ApiOperation({ summary: 'Say where to call back, after an answer that told of danger' })
  @ApiNoContentResponse({ description: 'Noted on the alert' })
  async callBack(@Param('token') token: string, @Body({ schema: callBackBody }) body: CallBackBody, @Req() request: FastifyRequest): Promise<void> {
    await this.links.callBack(token, request.id, body.phone);
  }
}
