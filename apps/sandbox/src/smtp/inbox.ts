import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerAddress, SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import { FaultSwitch } from '../shared/fault-switch.js';
import { Feed } from '../shared/feed.js';
import { faultControl } from '../shared/http-faults.js';
import { createHttpServer, listen } from '../shared/http-server.js';
import type { Listening } from '../shared/http-server.js';
import { mailFaultSchema } from './mail-faults.js';
import type { MailFault } from './mail-faults.js';
import { inboxPages } from './pages.js';

/** How the inbox is set up: `port` is where mail is taken in, `httpPort` where it is looked at. */
export interface InboxOptions extends Listening {
  httpPort?: number | undefined;
}

/** A message that was taken in. */
export interface Mail {
  id: string;
  at: string;
  /** Envelope: who it came from and whom it was for. */
  from: string;
  to: string[];
  subject: string;
  text: string;
  html: string | undefined;
  messageId: string | undefined;
  /** All header lines, by name in lower case. */
  headers: Record<string, string>;
}

const MAIL_KEPT = 1_000;
const MAIL_SIZE = 10 * 1024 * 1024;

class SmtpRefusal extends Error {
  constructor(
    readonly responseCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** A mail server that takes everything in, delivers nothing, and shows what it got. */
export class Inbox {
  readonly faults = new FaultSwitch<MailFault>();
  /** All kept messages, oldest first. */
  readonly messages = new Feed<Mail>(MAIL_KEPT);
  /** Where mail is sent to: `smtp://host:port`. */
  url = '';
  /** Where it is looked at: a page, and `/inbox` as JSON. */
  pageUrl = '';
  private readonly sockets = new Map<number, Socket>();
  private readonly app = createHttpServer();
  private readonly server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    size: MAIL_SIZE,
    closeTimeout: 1,
    onAuth: (_auth, _session, done) => done(null, { user: 'anybody' }),
    onConnect: (session, done) => this.greet(session, done),
    onRcptTo: (address, _session, done) => this.admitRecipient(address, done),
    onData: (stream, session, done) => void this.takeIn(stream, session).then(() => done(), done),
  });

  constructor(private readonly options: InboxOptions) {
    this.server.server.on('connection', (socket: Socket) => {
      const { remotePort = 0 } = socket;
      this.sockets.set(remotePort, socket);
      socket.once('close', () => this.sockets.delete(remotePort));
    });
    // A sender that breaks off is an everyday event for a mail server.
    this.server.on('error', () => undefined);
  }

  /** Starts listening, for mail and for those who look at it. */
  async open(): Promise<void> {
    const { host = '127.0.0.1', publicHost = host, port = 0, httpPort } = this.options;
    const listening = this.server.listen(port, host);
    await once(listening, 'listening');
    this.url = `smtp://${publicHost}:${(listening.address() as AddressInfo).port}`;
    inboxPages(this.app, this);
    faultControl(this.app, this.faults, mailFaultSchema);
    this.pageUrl = await listen(this.app, { host, publicHost, port: httpPort });
  }

  /** Returns the first message, kept or still to come, for which the predicate holds. */
  waitFor(predicate: (mail: Mail) => boolean, timeoutMs?: number): Promise<Mail> {
    return this.messages.waitFor(predicate, timeoutMs);
  }

  async stop(): Promise<void> {
    this.faults.clear();
    for (const socket of this.sockets.values()) socket.destroy();
    await Promise.all([this.app.close(), new Promise<void>((closed) => this.server.close(closed))]);
  }

  private greet({ remotePort }: SMTPServerSession, done: (error?: Error) => void): void {
    if (this.faults.current?.mode !== 'down') return done();
    this.faults.take();
    this.sockets.get(remotePort)?.destroy();
  }

  private admitRecipient({ address }: SMTPServerAddress, done: (error?: Error) => void): void {
    const fault = this.faults.current;
    if (fault?.mode !== 'reject') return done();
    this.faults.take();
    done(fault.temporary ? new SmtpRefusal(451, `Mailbox of ${address} is busy, try again later`) : new SmtpRefusal(550, `No mailbox ${address}`));
  }

  private async takeIn(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
    const { mailFrom, rcptTo } = session.envelope;
    const parsed = await simpleParser(stream);
    if (stream.sizeExceeded) throw new SmtpRefusal(552, 'The message is too large');
    this.messages.add({
      id: randomUUID(),
      at: new Date().toISOString(),
      from: mailFrom ? mailFrom.address : '',
      to: rcptTo.map(({ address }) => address),
      subject: parsed.subject ?? '',
      text: parsed.text ?? '',
      html: parsed.html || undefined,
      messageId: parsed.messageId,
      headers: Object.fromEntries(parsed.headerLines.map(({ key, line }) => [key, line.slice(line.indexOf(':') + 1).trim()])),
    });
    await this.breakOff(this.sockets.get(session.remotePort));
  }

  /** The message is kept; its sender may never learn so. */
  private async breakOff(socket: Socket | undefined): Promise<void> {
    const mode = this.faults.current?.mode;
    if (!socket || (mode !== 'drop' && mode !== 'hang')) return;
    this.faults.take();
    if (mode === 'drop') socket.destroy();
    else await Promise.race([this.faults.untilLifted(), once(socket, 'close')]);
  }
}

/** Starts a mail server with an inbox to look at. Rejects when its port is taken. */
export async function startInbox(options: InboxOptions = {}): Promise<Inbox> {
  const inbox = new Inbox(options);
  await inbox.open();
  return inbox;
}
