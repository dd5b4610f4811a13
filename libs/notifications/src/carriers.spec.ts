import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Letter } from './carrier.js';
import { EmailCarrier, smtpOutcome } from './email.carrier.js';
import { SmsCarrier, fetchOutcome, statusOutcome } from './sms.carrier.js';

const letter: Letter = {
  to: 'somebody@example.org',
  text: 'Your visit',
  subject: 'Reminder',
  fromName: 'Harbour Street Clinic',
  fromNumber: '+12125550101',
  language: 'en',
  attemptId: '01990000-0000-7000-8000-000000000001',
  idempotencyKey: '01990000-0000-7000-8000-000000000002',
};

const running: (Server | TcpServer)[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => new Promise((closed) => server.close(closed))));
});

const listening = async (server: Server | TcpServer): Promise<number> => {
  running.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** A mail server that says so many lines, one after each line it hears (the whole message counts for one), and then cuts the line. */
const smtpThatSays = (...lines: string[]): Promise<number> =>
  listening(
    createTcpServer((socket: Socket) => {
      const left = [...lines];
      let inData = false;
      const speak = (): void => {
        const line = left.shift();
        if (line === undefined) socket.destroy();
        else socket.write(`${line}\r\n`);
        inData = line?.startsWith('354') ?? false;
      };
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        const text = chunk.toString();
        if (inData ? text.endsWith('\r\n.\r\n') : text.endsWith('\r\n')) speak();
      });
      speak();
    }),
  );

const mailThrough = async (port: number) => new EmailCarrier({ SMTP_URL: `smtp://127.0.0.1:${port}`, SMTP_FROM: 'Clinic <no-reply@clinic.example>' }).carry(letter);

describe('what became of an e-mail', () => {
  it.each([
    ['the server took it', ['220 hello', '250 hello', '250 ok', '250 ok', '354 go', '250 taken', '221 bye'], { result: 'accepted' }],
    ['no such mailbox', ['220 hello', '250 hello', '250 ok', '550 no such mailbox'], { result: 'refused', code: 'smtp-550' }],
    ['the mailbox is busy', ['220 hello', '250 hello', '250 ok', '451 later'], { result: 'busy', code: 'smtp-451' }],
    ['the message is refused', ['220 hello', '250 hello', '250 ok', '250 ok', '354 go', '554 no'], { result: 'refused', code: 'smtp-554' }],
    ['the line is cut before the greeting', [], { result: 'busy' }],
    ['the line is cut before the message', ['220 hello', '250 hello', '250 ok', '250 ok'], { result: 'busy' }],
    ['the line is cut after the final dot', ['220 hello', '250 hello', '250 ok', '250 ok', '354 go'], { result: 'unknown' }],
  ])('%s', async (_, lines, outcome) => {
    expect(await mailThrough(await smtpThatSays(...lines))).toMatchObject(outcome);
  });

  it('nobody listens', async () => {
    const port = await listening(createTcpServer());
    await new Promise((closed) => running.splice(0)[0]?.close(closed));
    expect(await mailThrough(port)).toEqual({ result: 'busy', code: 'ECONNREFUSED' });
  });

  it('is nothing where no server is configured', async () => {
    const carrier = new EmailCarrier({ SMTP_URL: undefined, SMTP_FROM: 'x@example.org' });
    expect(carrier.ready).toBe(false);
    expect(await carrier.carry(letter)).toEqual({ result: 'refused', code: 'channel-not-configured' });
  });

  it('is what the error says and no more', () => {
    expect(smtpOutcome(new Error('anything'), true).result).toBe('unknown');
    expect(smtpOutcome('not even an error', false).result).toBe('busy');
  });
});

const textThrough = (url: string) => new SmsCarrier({ SMS_GATEWAY_URL: url, SMS_GATEWAY_TOKEN: 'token', SMS_HONOURS_IDEMPOTENCY: true, PUBLIC_URL: 'http://cairn.example' }).carry(letter, 'sealed');

describe('what became of a text message', () => {
  const gateway = async (status: number, body: string, headers: Record<string, string> = {}): Promise<string> =>
    `http://127.0.0.1:${await listening(createServer((_request, response) => response.writeHead(status, headers).end(body)))}`;

  it.each([
    [202, '{"id":"g-1"}', { result: 'accepted', providerId: 'g-1' }],
    [200, 'thanks', { result: 'accepted' }],
    [400, '{}', { result: 'refused', code: 'http-400' }],
    [302, '', { result: 'refused', code: 'http-302' }],
    [401, '{}', { result: 'busy', code: 'http-401' }],
    [429, '{}', { result: 'busy', code: 'http-429', retryAfterSeconds: 7 }],
    [503, '{}', { result: 'busy', code: 'http-503', retryAfterSeconds: 7 }],
    [500, '{}', { result: 'unknown', code: 'http-500' }],
    [504, '{}', { result: 'unknown', code: 'http-504' }],
  ])('the gateway says %s', async (status, body, outcome) => {
    expect(await textThrough(await gateway(status, body, { 'retry-after': '7', location: 'http://elsewhere.example/' }))).toMatchObject(outcome);
  });

  it('is unknown when the gateway takes it and cuts the line', async () => {
    const url = `http://127.0.0.1:${await listening(createServer((request) => request.on('data', () => undefined).on('end', () => request.socket.destroy())))}`;
    expect((await textThrough(url)).result).toBe('unknown');
  });

  it('is nothing when nobody listens', async () => {
    const port = await listening(createTcpServer());
    await new Promise((closed) => running.splice(0)[0]?.close(closed));
    expect(await textThrough(`http://127.0.0.1:${port}`)).toEqual({ result: 'busy', code: 'ECONNREFUSED' });
  });

  it('hands over numbers, text, key and where to call back', async () => {
    let seen: { headers: Record<string, unknown>; body: unknown } | undefined;
    const port = await listening(
      createServer((request, response) => {
        let text = '';
        request.on('data', (chunk: Buffer) => (text += chunk.toString()));
        request.on('end', () => {
          seen = { headers: request.headers, body: JSON.parse(text) };
          response.writeHead(202).end('{"id":1}');
        });
      }),
    );
    expect(await textThrough(`http://127.0.0.1:${port}/`)).toEqual({ result: 'accepted', providerId: '1' });
    expect(seen?.headers).toMatchObject({ authorization: 'Bearer token', 'idempotency-key': letter.idempotencyKey });
    expect(seen?.body).toEqual({ to: letter.to, from: letter.fromNumber, body: letter.text, callbackUrl: 'http://cairn.example/webhooks/sms/status/sealed', reference: letter.attemptId });
  });

  it('is what status and error say', () => {
    expect(statusOutcome(503, 'soon')).toEqual({ result: 'busy', code: 'http-503', retryAfterSeconds: undefined });
    expect(fetchOutcome('not even an error')).toEqual({ result: 'unknown', code: 'error' });
  });
});
