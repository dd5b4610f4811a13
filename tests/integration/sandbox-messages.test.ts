import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createTransport } from 'nodemailer';
import { startInbox, startSmsGateway } from '../../apps/sandbox/src/index.js';
import type { Inbox, SmsGateway } from '../../apps/sandbox/src/index.js';
import { Feed } from '../../apps/sandbox/src/shared/feed.js';

const TOKEN = 'gateway-token';
const SECRET = 'a-secret-for-webhooks';
const PHONE = '+12025550143';

interface Hook {
  path: string;
  body: Record<string, string>;
  signed: boolean;
}

/** A customer's webhooks: checks signatures and can be told to fail first. */
async function startCustomer() {
  const hooks = new Feed<Hook>();
  const failures = { left: 0 };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (failures.left > 0) {
        failures.left -= 1;
        response.writeHead(500).end();
        return;
      }
      const expected = createHmac('sha256', SECRET).update(`${String(request.headers['x-timestamp'])}.${text}`).digest('hex');
      hooks.add({ path: request.url ?? '', body: JSON.parse(text) as Record<string, string>, signed: request.headers['x-signature'] === expected });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return { hooks, failures, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}

describe('The text-message gateway', () => {
  let gateway: SmsGateway;
  let customer: Awaited<ReturnType<typeof startCustomer>>;
  beforeAll(async () => {
    customer = await startCustomer();
    gateway = await startSmsGateway({ token: TOKEN, webhookSecret: SECRET, inboundUrl: `${customer.url}/replies` });
  });
  afterAll(async () => {
    await gateway.stop();
    customer.stop();
  });
  afterEach(() => {
    gateway.faults.clear();
    gateway.honoursIdempotency = false;
    Object.assign(gateway.behaviour, { outcome: 'delivered', duplicateCallbacks: false, callbacksOutOfOrder: false });
  });

  const send = (reference: string, headers: Record<string, string> = {}, change: object = {}) =>
    fetch(`${gateway.url}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ to: PHONE, from: '+12125550101', body: `Message ${reference}`, callbackUrl: `${customer.url}/callbacks`, reference, ...change }),
    });
  const callbacksFor = async (reference: string, count: number) => {
    const seen: Hook[] = [];
    await customer.hooks.waitFor((hook) => hook.body.reference === reference && seen.push(hook) === count);
    return seen.map((hook) => hook.body.status);
  };

  it('accepts a message, and calls back signed: sent, then delivered', async () => {
    const response = await send('a');
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as { id: string };
    expect(await gateway.waitFor((message) => message.id === id)).toMatchObject({ to: PHONE, body: 'Message a', reference: 'a' });
    expect(await callbacksFor('a', 2)).toEqual(['sent', 'delivered']);
    expect(customer.hooks.all().every((hook) => hook.signed)).toBe(true);
  });

  it('refuses a wrong token, and input that is not a message, in words', async () => {
    expect((await send('x', { authorization: 'Bearer wrong' })).status).toBe(401);
    const refused = await send('x', {}, { to: '555-0100' });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('E.164')]);
    expect(gateway.phone('555-0100')).toEqual([]);
  });

  it('sends the same key twice unless it is told to honour keys', async () => {
    const ids = async (key: string) => {
      const answers = [await send(key, { 'idempotency-key': key }), await send(key, { 'idempotency-key': key })];
      return new Set(await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id))).size;
    };
    expect(await ids('not-honoured')).toBe(2);
    gateway.honoursIdempotency = true;
    expect(await ids('honoured')).toBe(1);
  });

  it('calls back twice and out of order when it is told to, and again when nobody took it', async () => {
    Object.assign(gateway.behaviour, { duplicateCallbacks: true, callbacksOutOfOrder: true, outcome: 'undelivered' });
    customer.failures.left = 2;
    await send('b');
    expect(await callbacksFor('b', 4)).toEqual(['undelivered', 'undelivered', 'sent', 'sent']);
  });

  it('says yes to nobody while it hangs: the message is there, its sender does not know', async () => {
    gateway.faults.set({ mode: 'hang', times: 1 });
    const giveUp = new AbortController();
    const sending = fetch(`${gateway.url}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ to: PHONE, from: '+12125550101', body: 'Message c', reference: 'c' }),
      signal: giveUp.signal,
    });
    expect(await gateway.waitFor((message) => message.reference === 'c')).toMatchObject({ status: expect.any(String) });
    giveUp.abort();
    await expect(sending).rejects.toThrow();
    expect((await send('d')).status).toBe(202);
  });

  it('lets a person answer: the reply reaches the inbound webhook, signed', async () => {
    await send('e');
    const response = await fetch(`${gateway.url}/phones/${encodeURIComponent(PHONE)}/replies`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ body: 'YES' }),
    });
    expect([response.status, await response.json()]).toMatchObject([201, { taken: true }]);
    expect(customer.hooks.all().find((hook) => hook.path === '/replies')).toMatchObject({ signed: true, body: { from: PHONE, to: '+12125550101', body: 'YES' } });
    expect(await (await fetch(gateway.url)).text()).toContain('YES');
    await expect(gateway.reply('+12025550199', 'YES')).rejects.toThrow('Nobody wrote');
  });
});

describe('The inbox', () => {
  let inbox: Inbox;
  beforeAll(async () => {
    inbox = await startInbox();
  });
  afterAll(() => inbox.stop());
  afterEach(() => inbox.faults.clear());

  const send = async (subject: string) => {
    const transport = createTransport(inbox.url);
    try {
      return await transport.sendMail({ from: 'clinic@clinic.example', to: 'patient@mail.example', subject, text: 'Le café est à dix heures.', headers: { 'X-Reference': subject } });
    } finally {
      transport.close();
    }
  };

  it('takes a message in, and shows it to programs and to people', async () => {
    const waiting = inbox.waitFor((mail) => mail.subject === 'Hello');
    await send('Hello');
    expect(await waiting).toMatchObject({ from: 'clinic@clinic.example', to: ['patient@mail.example'], text: 'Le café est à dix heures.\n', headers: { 'x-reference': 'Hello' } });
    expect(await (await fetch(`${inbox.pageUrl}/inbox?to=patient@mail.example`)).json()).toMatchObject([{ subject: 'Hello' }]);
    expect(await (await fetch(inbox.pageUrl)).text()).toContain('Hello');
    expect(await (await fetch(`${inbox.pageUrl}/inbox?to=nobody@mail.example`)).json()).toEqual([]);
  });

  it('refuses recipients, for good or for the moment', async () => {
    inbox.faults.set({ mode: 'reject', temporary: false, times: 1 });
    await expect(send('Refused')).rejects.toMatchObject({ responseCode: 550 });
    inbox.faults.set({ mode: 'reject', temporary: true, times: 1 });
    await expect(send('Later')).rejects.toMatchObject({ responseCode: 451 });
    await send('Now');
  });

  it('keeps a message and breaks off before its yes', async () => {
    inbox.faults.set({ mode: 'drop', times: 1 });
    await expect(send('Dropped')).rejects.toThrow();
    expect(await inbox.waitFor((mail) => mail.subject === 'Dropped')).toBeDefined();
  });

  it('is down, and up again', async () => {
    inbox.faults.set({ mode: 'down' });
    await expect(send('Nowhere')).rejects.toThrow();
    inbox.faults.clear();
    await send('Somewhere');
    expect(inbox.messages.all().some((mail) => mail.subject === 'Nowhere')).toBe(false);
  });

  it('rejects a wait for what does not come', async () => {
    await expect(inbox.waitFor((mail) => mail.subject === 'Never', 20)).rejects.toThrow('within 20 ms');
  });
});
