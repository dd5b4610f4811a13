import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { readConfig, type Config } from '../config/config.js';
import limits from './http-limits.json' with { type: 'json' };
import { OutsideHttp } from './outside-http.js';

const config = (mode: 'demo' | 'production', allowPrivate = 'false'): Config =>
  readConfig({ CAIRN_MODE: mode, DATABASE_URL: 'postgres://localhost/none', CAIRN_SECRET_KEYS: `k:${Buffer.alloc(32).toString('base64')}`, ALLOW_PRIVATE_EHR_HOSTS: allowPrivate });

const opened: { server?: Server; http?: OutsideHttp }[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  opened.push({ server });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(mode: 'demo' | 'production' = 'demo', allowPrivate?: string): OutsideHttp {
  const http = new OutsideHttp(config(mode, allowPrivate));
  opened.push({ http });
  return http;
}

afterEach(async () => {
  for (const { server, http } of opened.splice(0)) {
    server?.closeAllConnections();
    await http?.onApplicationShutdown();
    if (server) await new Promise((closed) => server.close(closed));
  }
});

describe('a call to an outside system', () => {
  it('returns the answer, whatever its status', async () => {
    const url = await serve((_request, response) => void response.writeHead(418, { 'X-Kind': 'pot' }).end('short'));
    expect(await client().send({ method: 'GET', url })).toMatchObject({ status: 418, headers: { 'x-kind': 'pot' }, text: 'short' });
  });

  it('follows a redirect of a GET within the same origin, and no other', async () => {
    const elsewhere = await serve((_request, response) => void response.end('stolen'));
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (request.url === '/away') response.writeHead(302, { location: `${elsewhere}/` }).end();
      else if (request.url === '/moved') response.writeHead(307, { location: '/here' }).end();
      else if (request.url === '/round') response.writeHead(302, { location: '/round' }).end();
      else response.end('here');
    });
    const http = client();
    expect(await http.send({ method: 'GET', url: `${url}/moved` })).toMatchObject({ status: 200, text: 'here' });
    expect(await http.send({ method: 'GET', url: `${url}/away` })).toMatchObject({ status: 302 });
    expect(await http.send({ method: 'POST', url: `${url}/moved`, body: 'x' })).toMatchObject({ status: 307 });
    seen.length = 0;
    expect(await http.send({ method: 'GET', url: `${url}/round` })).toMatchObject({ status: 302 });
    expect(seen).toHaveLength(limits.redirects + 1);
  });

  it('names what went wrong when there is no answer', async () => {
    const cut = await serve((request) => void request.socket.destroy());
    const endless = await serve((_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024);
      const write = (): void => {
        while (!response.destroyed && response.write(chunk));
        response.once('drain', write);
      };
      write();
    });
    const nobody = await serve(() => undefined);
    const { server } = opened.at(-1) ?? {};
    await new Promise((closed) => server?.close(closed));
    const http = client();
    await expect(http.send({ method: 'GET', url: cut })).rejects.toMatchObject({ reason: 'cut' });
    const slow = await serve((_request, response) => void response.writeHead(200).write('…'));
    await expect(http.send({ method: 'GET', url: slow, seconds: 0.2 })).rejects.toMatchObject({ reason: 'time-out' });
    await expect(http.send({ method: 'GET', url: endless })).rejects.toMatchObject({ reason: 'too-large' });
    await expect(http.send({ method: 'GET', url: nobody })).rejects.toMatchObject({ reason: 'unreachable' });
    await expect(http.send({ method: 'GET', url: 'https://name.invalid/' })).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('does not reach a private address outside demo mode, by address or by name', async () => {
    let reached = false;
    const url = await serve((_request, response) => {
      reached = true;
      response.end();
    });
    const http = client('production');
    await expect(http.send({ method: 'GET', url })).rejects.toMatchObject({ reason: 'address-refused' });
    await expect(http.send({ method: 'GET', url: url.replace('http://127.0.0.1', 'https://localhost') })).rejects.toMatchObject({ reason: 'address-refused' });
    await expect(client('production', 'true').send({ method: 'GET', url: url.replace('http:', 'https:') })).rejects.toMatchObject({ reason: expect.stringMatching(/^(cut|unreachable)$/) });
    expect(reached).toBe(false);
  });
});
