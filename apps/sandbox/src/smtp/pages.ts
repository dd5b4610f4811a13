import type { FastifyInstance } from 'fastify';
import { sendPage } from '../shared/http-server.js';
import { html, page } from '../shared/page.js';
import type { Inbox, Mail } from './inbox.js';

/** The inbox for programs (`/inbox`, as JSON) and for people (`/`). */
export function inboxPages(app: FastifyInstance, inbox: Inbox): void {
  app.get<{ Querystring: { to?: string } }>('/inbox', async (request) => {
    const { to } = request.query;
    return inbox.messages.all().filter((mail) => to === undefined || mail.to.includes(to));
  });
  app.delete('/inbox', async (_request, reply) => {
    inbox.messages.clear();
    return reply.code(204).send();
  });

  app.get('/', async (_request, reply) => {
    const mails = inbox.messages.all().reverse();
    return sendPage(reply, page('Inbox', mails.length ? html`${mails.map(letter)}` : html`<p>No mail yet. Everything sent to ${inbox.url} shows here; nothing leaves this machine.</p>`));
  });
}

function letter({ at, from, to, subject, text }: Mail) {
  return html`<h2>${subject || '(no subject)'}</h2><p class="quiet">${at} · from ${from} to ${to.join(', ')}</p><pre>${text}</pre>`;
}
