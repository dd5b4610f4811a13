import { createTransport } from 'nodemailer';
import type { Config } from '@cairn/platform';
import type { Carrier, Letter } from './carrier.js';
import { DELIVERY, type Outcome } from './delivery.rules.js';

const CONNECT_MS = 5_000;

/** What an SMTP error tells, as far as it matters here. */
interface SmtpTrouble {
  readonly code?: string;
  readonly originalCode?: string;
  readonly responseCode?: unknown;
}

/**
 * What an error of the SMTP client means. A reply of the server is a definite no, for good (5xx) or one that may pass (4xx, RFC 5321 4.2.1). Without
 * one, a server that was not given the whole message, up to its final dot, can't have taken it (RFC 5321 4.1.1.4); from there on nobody can
 * tell.
 */
export function smtpOutcome(error: unknown, isHandedOver: boolean): Outcome {
  const { responseCode, originalCode, code: kind }: SmtpTrouble = typeof error === 'object' && error !== null ? error : {};
  if (typeof responseCode === 'number') return { result: responseCode >= 500 ? 'refused' : 'busy', code: `smtp-${responseCode}` };
  const code = originalCode ?? kind ?? 'error';
  if (isHandedOver) return { result: 'unknown', code };
  return { result: kind === 'EENVELOPE' ? 'refused' : 'busy', code };
}

const addressIn = (from: string): string => /<([^<>]+)>/.exec(from)?.[1] ?? from;

/** Listens to what the SMTP client says of its own work, to learn when the final dot was handed to the socket. Keeps nothing of it. */
class Progress {
  isHandedOver = false;

  readonly logger = {
    trace: (): void => undefined,
    debug: (): void => undefined,
    info: (entry: unknown): void => {
      if (typeof entry === 'object' && entry !== null && 'tnx' in entry && entry.tnx === 'message') this.isHandedOver = true;
    },
    warn: (): void => undefined,
    error: (): void => undefined,
    fatal: (): void => undefined,
  };
}

/** E-mail by SMTP. SMTP knows no keys: what may have been sent is never repeated. */
export class EmailCarrier implements Carrier {
  readonly channel = 'email';
  readonly repeatsSafely = false;
  readonly ready: boolean;
  readonly #url: string | undefined;
  readonly #from: string;

  constructor({ SMTP_URL, SMTP_FROM }: Pick<Config, 'SMTP_URL' | 'SMTP_FROM'>) {
    this.ready = SMTP_URL !== undefined;
    this.#url = SMTP_URL;
    this.#from = addressIn(SMTP_FROM);
  }

  async carry(letter: Letter): Promise<Outcome> {
    if (this.#url === undefined) return { result: 'refused', code: 'channel-not-configured' };
    const progress = new Progress();
    const transport = createTransport({
      url: this.#url,
      logger: progress.logger,
      connectionTimeout: CONNECT_MS,
      greetingTimeout: CONNECT_MS,
      dnsTimeout: CONNECT_MS,
      socketTimeout: DELIVERY.callSeconds * 1000,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      await transport.sendMail(this.#mail(letter));
      return { result: 'accepted' };
    } catch (error) {
      return smtpOutcome(error, progress.isHandedOver);
    } finally {
      transport.close();
    }
  }

  #mail(letter: Letter) {
    const host = this.#from.slice(this.#from.lastIndexOf('@') + 1);
    const { stopLink } = letter;
    return {
      from: { name: letter.fromName, address: this.#from },
      to: letter.to,
      subject: letter.subject ?? letter.fromName,
      text: letter.text,
      messageId: `<${letter.attemptId}@${host}>`,
      headers: {
        'Auto-Submitted': 'auto-generated',
        'Content-Language': letter.language,
        ...(stopLink ? { 'List-Unsubscribe': `<${stopLink}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' } : {}),
      },
      signal: AbortSignal.timeout(DELIVERY.callSeconds * 1000),
    };
  }
}
