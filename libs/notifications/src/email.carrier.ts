import { createTransport, type Transporter } from 'nodemailer';
import type { Config } from '@cairn/platform';
import type { Carrier, Letter } from './carrier.js';
import { DELIVERY, type Outcome } from './delivery.rules.js';

const CONNECT_MS = 5_000;

/** What an SMTP error tells, as far as it matters here. */
interface SmtpTrouble {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly responseCode?: unknown;
  readonly timeoutType?: unknown;
}

/** Troubles after which the server can't have taken the message: it was never reached, or never logged in. */
const NEVER_BEGUN = ['EDNS', 'ETLS', 'EREQUIRETLS', 'EPROXY', 'EAUTH', 'ENOAUTH', 'ECONFIG'];
const NEVER_CONNECTED = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'];
const NEVER_GREETED = ['CONNECT_TIMEOUT', 'GREETING_TIMEOUT', 'UPGRADE_TIMEOUT'];

/**
 * What an error of the SMTP client means. A reply of the server is a definite no, for good (5xx) or for now (4xx, RFC 5321 4.2.1); so is
 * never having been let in. Anything else may have happened after the message was handed over, so nobody can tell.
 */
export function smtpOutcome(error: unknown): Outcome {
  const trouble: SmtpTrouble = typeof error === 'object' && error !== null ? error : {};
  const code = String(trouble.responseCode ?? trouble.originalCode ?? trouble.timeoutType ?? trouble.code ?? 'error');
  if (typeof trouble.responseCode === 'number') {
    return trouble.responseCode >= 500 ? { result: 'refused', code: `smtp-${code}` } : { result: 'busy', code: `smtp-${code}` };
  }
  if (trouble.code === 'EENVELOPE') return { result: 'refused', code };
  const { code: kind, originalCode, timeoutType } = trouble;
  const before = NEVER_BEGUN.some((known) => known === kind) || NEVER_CONNECTED.some((known) => known === originalCode || known === kind) || NEVER_GREETED.some((known) => known === timeoutType);
  return before ? { result: 'busy', code } : { result: 'unknown', code };
}

const addressIn = (from: string): string => /<([^<>]+)>/.exec(from)?.[1] ?? from;

/** E-mail by SMTP. SMTP knows no keys: what may have been sent is never repeated. */
export class EmailCarrier implements Carrier {
  readonly channel = 'email';
  readonly repeatsSafely = false;
  readonly ready: boolean;
  readonly #transport: Transporter | undefined;
  readonly #from: string;

  constructor({ SMTP_URL, SMTP_FROM }: Pick<Config, 'SMTP_URL' | 'SMTP_FROM'>) {
    this.ready = SMTP_URL !== undefined;
    this.#from = addressIn(SMTP_FROM);
    this.#transport = SMTP_URL
      ? createTransport({
          url: SMTP_URL,
          connectionTimeout: CONNECT_MS,
          greetingTimeout: CONNECT_MS,
          dnsTimeout: CONNECT_MS,
          socketTimeout: DELIVERY.callSeconds * 1000,
          disableFileAccess: true,
          disableUrlAccess: true,
        })
      : undefined;
  }

  async carry(letter: Letter): Promise<Outcome> {
    if (!this.#transport) return { result: 'refused', code: 'channel-not-configured' };
    const host = this.#from.slice(this.#from.lastIndexOf('@') + 1);
    try {
      await this.#transport.sendMail({
        from: { name: letter.fromName, address: this.#from },
        to: letter.to,
        subject: letter.subject ?? letter.fromName,
        text: letter.text,
        messageId: `<${letter.attemptId}@${host}>`,
        headers: {
          'Auto-Submitted': 'auto-generated',
          'Content-Language': letter.language,
          ...(letter.stopLink ? { 'List-Unsubscribe': `<${letter.stopLink}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' } : {}),
        },
        signal: AbortSignal.timeout(DELIVERY.callSeconds * 1000),
      });
      return { result: 'accepted' };
    } catch (error) {
      return smtpOutcome(error);
    }
  }

  close(): void {
    this.#transport?.close();
  }
}
