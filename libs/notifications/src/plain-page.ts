import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { SafeHtml, html } from '@cairn/platform';

const STYLE = ':root{color-scheme:light dark;font:1.125rem/1.5 system-ui,sans-serif}body{max-width:36rem;margin:0 auto;padding:1rem}button{font:inherit;padding:.75rem 1.25rem;min-height:2.75rem}';

/** What the browser may do with the page: show it with its own style, and send its form back. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

/** Sends the page behind a link in a mail: a heading and a few words, without scripts, and kept by nobody. */
export function sendPage(reply: FastifyReply, { language, title }: { readonly language: string; readonly title: string }, body: SafeHtml): FastifyReply {
  const markup = html`<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${new SafeHtml(STYLE)}</style></head><body><main><h1>${title}</h1>${body}</main></body></html>`;
  return reply
    .headers({ 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>${markup.text}`);
}
