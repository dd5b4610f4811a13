import { withExample } from '@cairn/platform';
import { z } from 'zod';

const short = z.string().trim().min(1).max(200);
const words = z.string().trim().min(1, 'must not be empty').max(2000);
const day = z.iso.date('must be a date such as 2026-12-01');

export const needBody = withExample(z.strictObject({ insurer: short, service: short }), { insurer: 'State workers’ compensation fund', service: 'Twelve sessions of physiotherapy' });

export const askBody = withExample(z.strictObject({ number: short.optional() }), { number: 'PA-20417' });

export const grantBody = withExample(z.strictObject({ number: short.optional(), from: day, until: day, visits: z.int().min(1).max(1000).optional() }), {
  number: 'PA-20417',
  from: '2026-12-01',
  until: '2027-02-28',
  visits: 12,
});

export const denialBody = withExample(z.strictObject({ reason: words }), { reason: 'The insurer asks for six weeks of home exercise first.' });

export const closureBody = withExample(z.strictObject({ comment: words }), { comment: 'Care is complete.' });

export const authorisationsQuery = z.strictObject({
  after: z.string().max(400).optional().describe('The `next` of the page before'),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
