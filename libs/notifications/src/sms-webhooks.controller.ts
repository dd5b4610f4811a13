import { Body, Controller, Headers, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { invalid, notFound, type Clock } from '@cairn/kernel';
import { CONFIG, KEYRING, Public, type Config, type Keyring } from '@cairn/platform';
import { z } from 'zod';
import { MessageOutcomes, type DeliveryNews } from './message-outcomes.service.js';
import { REAL_CLOCK } from './real-clock.js';
import { Replies } from './replies.service.js';
import { openAttempt } from './status-token.js';
import { verifyWebhook } from './webhook-signature.js';

const NEWS: Readonly<Record<string, DeliveryNews>> = { accepted: 'accept', sent: 'accept', delivered: 'deliver', undelivered: 'fail', failed: 'fail' };

const statusBody = z.object({ id: z.string().max(200).optional(), status: z.string().max(40) });
const replyBody = z.object({ id: z.string().min(1).max(200), from: z.string().min(3).max(40), to: z.string().min(3).max(40), body: z.string().max(10_000) });

/** What the SMS gateway calls. Public, because it has no token: each call is proved by its signature over the body as it was sent. */
@ApiExcludeController()
@Public()
@Controller('webhooks/sms')
export class SmsWebhooksController {
  constructor(
    private readonly outcomes: MessageOutcomes,
    private readonly replies: Replies,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(KEYRING) private readonly keyring: Keyring,
    @Inject(REAL_CLOCK) private readonly realClock: Clock,
  ) {}

  /** What became of a message. A status that Cairn does not know is taken and ignored: gateways have more of them than matter here. */
  @Post('status/:token')
  @HttpCode(204)
  async status(@Param('token') token: string, @Body() body: unknown, @Headers('x-timestamp') timestamp: string | undefined, @Headers('x-signature') signature: string | undefined): Promise<void> {
    const { id, status } = parsed(statusBody, this.#verified(body, timestamp, signature));
    const attempt = openAttempt(this.keyring, token);
    if (!attempt) throw notFound('The message');
    const news = NEWS[status];
    if (news) await this.outcomes.hear(attempt, news, id);
  }

  /** A text message from a phone. */
  @Post('replies')
  @HttpCode(204)
  async reply(@Body() body: unknown, @Headers('x-timestamp') timestamp: string | undefined, @Headers('x-signature') signature: string | undefined): Promise<void> {
    await this.replies.take(parsed(replyBody, this.#verified(body, timestamp, signature)));
  }

  #verified(body: unknown, timestamp: string | undefined, signature: string | undefined): Buffer {
    const secret = this.config.SMS_WEBHOOK_SECRET;
    if (!secret) throw notFound('An SMS gateway');
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    verifyWebhook(secret, bytes, { timestamp, signature }, this.realClock.now());
    return bytes;
  }
}

function parsed<T>(schema: z.ZodType<T>, body: Buffer): T {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw invalid('The body is not valid JSON.', { code: 'malformed-json', issues: [{ path: '(body)', message: 'Send well-formed JSON.' }] });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid('Some fields are missing or wrong.', { code: 'fields', issues: result.error.issues.map((issue) => ({ path: issue.path.join('.') || '(body)', message: issue.message })) });
}
