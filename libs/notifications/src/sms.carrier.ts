import { z } from 'zod';
import type { Config } from '@cairn/platform';
import type { Carrier, Letter } from './carrier.js';
import { DELIVERY, type Outcome } from './delivery.rules.js';

const taken = z.object({ id: z.union([z.string(), z.number()]).transform(String) });

/** Troubles after which the gateway can't have taken the message: it was never reached. */
const NEVER_CONNECTED = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'];
/** Statuses by which a server says that it did not do it and may later (RFC 9110 15.5.9, 15.6.4; RFC 6585 4), or that the operator must mend the token. */
const LATER = [401, 403, 408, 425, 429, 503];

/** What an error of `fetch` means: a definite no where the gateway was never reached, else nobody can tell. */
export function fetchOutcome(error: unknown): Outcome {
  const { name, cause }: { name?: string; cause?: unknown } = typeof error === 'object' && error !== null ? error : {};
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : (name ?? 'error');
  return { result: NEVER_CONNECTED.includes(code) ? 'busy' : 'unknown', code };
}

/** What the gateway's status means, apart from success. Redirects are not followed: the text would go elsewhere. A 5xx other than 503 may stand for a message that was taken and an answer that failed. */
export function statusOutcome(status: number, retryAfter: string | null): Outcome {
  const code = `http-${status}`;
  if (LATER.includes(status)) return { result: 'busy', code, retryAfterSeconds: retryAfter && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined };
  return status < 500 ? { result: 'refused', code } : { result: 'unknown', code };
}

/** Text messages through the configured gateway. */
export class SmsCarrier implements Carrier {
  readonly channel = 'sms';
  readonly ready: boolean;
  readonly repeatsSafely: boolean;

  constructor(private readonly config: Pick<Config, 'SMS_GATEWAY_URL' | 'SMS_GATEWAY_TOKEN' | 'SMS_HONOURS_IDEMPOTENCY' | 'PUBLIC_URL'>) {
    this.ready = config.SMS_GATEWAY_URL !== undefined;
    this.repeatsSafely = config.SMS_HONOURS_IDEMPOTENCY;
  }

  async carry(letter: Letter, statusToken: string): Promise<Outcome> {
    const { SMS_GATEWAY_URL, SMS_GATEWAY_TOKEN, PUBLIC_URL } = this.config;
    if (!SMS_GATEWAY_URL) return { result: 'refused', code: 'channel-not-configured' };
    try {
      const response = await fetch(`${SMS_GATEWAY_URL.replace(/\/$/, '')}/messages`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': letter.idempotencyKey,
          ...(SMS_GATEWAY_TOKEN ? { authorization: `Bearer ${SMS_GATEWAY_TOKEN}` } : {}),
        },
        body: JSON.stringify({
          to: letter.to,
          from: letter.fromNumber,
          body: letter.text,
          callbackUrl: `${PUBLIC_URL}/webhooks/sms/status/${statusToken}`,
          reference: letter.attemptId,
        }),
        redirect: 'manual',
        signal: AbortSignal.timeout(DELIVERY.callSeconds * 1000),
      });
      const text = await response.text().catch(() => '');
      if (!response.ok) return statusOutcome(response.status, response.headers.get('retry-after'));
      return { result: 'accepted', providerId: idIn(text) };
    } catch (error) {
      return fetchOutcome(error);
    }
  }
}

function idIn(text: string): string | undefined {
  try {
    return taken.safeParse(JSON.parse(text)).data?.id;
  } catch {
    return undefined;
  }
}
