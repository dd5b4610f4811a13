import { Controller, Get, Headers, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { invalid } from '@cairn/kernel';
import { CurrentScope, Needs, type Scope } from '@cairn/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WorklistStream, type Listener } from './worklist-stream.service.js';

const HEARTBEAT_MS = 15_000;
/** A stream ends after this long, so that its reader comes with a token that is still good. */
const LONGEST_MS = 10 * 60_000;
const RETRY_MS = 2000;

/** Live news of the worklist, as server-sent events. */
@ApiTags('Worklist')
@Controller('api/v1/referrals')
export class WorklistStreamController {
  constructor(private readonly stream: WorklistStream) {}

  @Get('events')
  @Needs('referral.read')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The id of the last event that was read: what changed since then comes first' })
  @ApiOperation({
    summary: 'What changes on the worklist, as it happens (text/event-stream)',
    description:
      'Events: `referral` with `{"id","version"}` of a referral that changed or was claimed; `reset` when too much was missed, which asks to read the list again. They carry nothing else: read what you need. An event may come twice. A comment comes every 15 seconds; the stream ends after ten minutes and is resumed with Last-Event-ID.',
  })
  @ApiOkResponse({ description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' }, example: 'id: 1764097200000000\nevent: referral\ndata: {"id":"0198c0de-0000-7000-8000-000000000002","version":4}\n\n' } } })
  async events(@CurrentScope() scope: Scope, @Headers('last-event-id') lastId: string | undefined, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (lastId !== undefined && !/^\d{1,16}$/.test(lastId)) {
      throw invalid('The Last-Event-ID is not one that this stream gave out.', { issues: [{ path: 'Last-Event-ID', message: 'Send the `id` of the last event you read, or leave it out.' }] });
    }
    const { raw } = reply;
    const before: string[] = [];
    let live = false;
    let end: () => void = () => raw.end();
    const write = (text: string): boolean => {
      if (live) return raw.write(text) || raw.writableLength < 65_536;
      before.push(text);
      return true;
    };
    const listener: Listener = {
      send: ({ id, referralId, version }) => write(`id: ${id}\nevent: referral\ndata: ${JSON.stringify({ id: referralId, version })}\n\n`),
      reset: (id) => write(`id: ${id}\nevent: reset\ndata: {}\n\n`),
      close: () => end(),
    };
    const forget = await this.stream.open(scope, listener, lastId);
    reply.hijack();
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff', 'x-correlation-id': request.id });
    const heartbeat = setInterval(() => raw.write(': here\n\n'), HEARTBEAT_MS);
    const tooLong = setTimeout(() => end(), LONGEST_MS);
    end = () => {
      clearInterval(heartbeat);
      clearTimeout(tooLong);
      forget();
      raw.end();
    };
    raw.on('close', end);
    live = true;
    raw.write([`retry: ${RETRY_MS}\n\n`, ...before].join(''));
  }
}
