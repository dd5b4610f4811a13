import { Controller, Get, Headers, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { invalid } from '@cairn/kernel';
import { CurrentScope, Needs, type Scope } from '@cairn/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WorklistStream } from './worklist-stream.service.js';

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
      'Events: `referral` with `{"id","version"}` of a referral that changed or was claimed; `reset` when too much was missed, which asks to read the list again. They carry nothing else: read what you need. An event may come twice. A comment comes every 15 seconds; the stream ends after ten minutes and is resumed with Last-Event-ID. A person has six streams at most (429 with Retry-After beyond), and a reader who takes nothing is let go.',
  })
  @ApiOkResponse({ description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' }, example: 'id: 1764097200000000\nevent: referral\ndata: {"id":"0198c0de-0000-7000-8000-000000000002","version":4}\n\n' } } })
  async events(@CurrentScope() scope: Scope, @Headers('last-event-id') lastId: string | undefined, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (lastId !== undefined && !/^\d{1,16}$/.test(lastId)) {
      throw invalid('The Last-Event-ID is not one that this stream gave out.', { issues: [{ path: 'Last-Event-ID', message: 'Send the `id` of the last event you read, or leave it out.' }] });
    }
    const { raw } = reply;
    const channel = await this.stream.open(scope, lastId);
    raw.on('close', () => channel.close());
    if (raw.destroyed) channel.close();
    reply.hijack();
    // The connection ends with its stream: kept alive it would hold up a server that stops.
    raw.writeHead(200, { connection: 'close', 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff', 'x-correlation-id': request.id });
    channel.begin(raw);
  }
}
