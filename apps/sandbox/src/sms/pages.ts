import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { sendPage } from '../shared/http-server.js';
import { html, page } from '../shared/page.js';
import type { Html } from '../shared/page.js';
import type { Sms, SmsGateway } from './gateway.js';

const answerForm = z.object({ body: z.string().min(1) });

/** A page of phones: what each shows, with a field to answer. */
export function phonePages(app: FastifyInstance, gateway: SmsGateway): void {
  app.get('/', async (_request, reply) => {
    const numbers = new Set(gateway.messages.all().map((message) => (message.direction === 'to-phone' ? message.to : message.from)));
    const phones = [...numbers].toSorted().map((number) => phone(number, gateway.phone(number)));
    return sendPage(reply, page('Phones', phones.length ? html`${phones}` : html`<p>No phone got a message yet.</p>`));
  });

  app.post<{ Params: { number: string } }>('/phones/:number/answer', async (request, reply) => {
    try {
      await gateway.reply(request.params.number, answerForm.parse(request.body).body);
    } catch (error) {
      return sendPage(reply.code(409), page('Not answered', html`<p>${error instanceof Error ? error.message : 'The answer was not sent'}</p><p><a href="/">Back</a></p>`));
    }
    return reply.redirect('/', 303);
  });
}

function phone(number: string, messages: readonly Sms[]): Html {
  const bubbles = messages.map((message) => html`<div class="bubble ${message.direction === 'from-phone' ? 'out' : ''}">${message.body}
<div class="quiet">${message.at} · ${message.direction === 'to-phone' ? `from ${message.from}, ${message.status}` : 'answered'}</div></div>`);
  return html`<h2>${number}</h2>${bubbles}
<form method="post" action="/phones/${encodeURIComponent(number)}/answer"><input name="body" value="YES" aria-label="answer"> <button>Answer</button></form>`;
}
