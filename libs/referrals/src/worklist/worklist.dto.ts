import { DISCIPLINES } from '@cairn/people';
import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { PATHWAYS, URGENCIES } from '../referral.settings.js';
import { VIEWS } from './worklist.js';

const key = z.string().trim().min(1).max(100);
const MOST_DAYS = 3660;
const words = z.string().trim().min(1, 'must not be empty').max(4000);

/** What narrows a view; the same words in the query of a list, in its counts and in a saved view. Numbers are text in a query, and numbers in a body. */
const filtersWith = (days: z.ZodType<number>, yes: z.ZodType<true>) => ({
  urgency: z.enum(URGENCIES).optional(),
  patient: z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id').optional(),
  discipline: z.enum(DISCIPLINES).optional(),
  programme: key.optional(),
  referrer: z.string().trim().min(1).max(200).optional(),
  language: z.string().regex(/^[a-z]{2,3}$/, 'must be a primary language subtag such as en or es').optional(),
  accessNeed: key.optional().describe('Code of an access need such as `interpreter`; `any` or `none`'),
  team: z.uuid().optional(),
  notTakenByEhr: yes.optional().describe('Only those whose Task the requester’s EHR has not taken: `true`'),
  waitedAtLeast: days.optional().describe('Whole days since receipt'),
  waitedAtMost: days.optional().describe('Whole days since receipt'),
  text: z.string().trim().min(1).max(200).optional().describe('Words in reason and notes; the last may be the beginning of one'),
});
const queryFilters = filtersWith(z.coerce.number().int().min(0).max(MOST_DAYS), z.literal('true').transform(() => true as const));

export const worklistQuery = z.strictObject({
  view: z.enum(VIEWS).default('open').describe('Which question the list answers'),
  ...queryFilters,
  after: z.string().max(400).optional().describe('The `next` of the page before'),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});

export const countsQuery = z.strictObject({ view: z.enum(VIEWS).optional().describe('Only this view; all when left out'), ...queryFilters });

export const savedViewBody = withExample(
  z.strictObject({
    name: z.string().trim().min(1).max(80),
    view: z.enum(VIEWS),
    filters: z.strictObject(filtersWith(z.int().min(0).max(MOST_DAYS), z.literal(true))).default({}),
    /** A team whose members see it too. */
    sharedWith: z.uuid().nullable().default(null),
  }),
  { name: 'Spanish speakers who wait longest', view: 'unassigned', filters: { language: 'es', waitedAtLeast: 30 }, sharedWith: null },
);

const person = z.strictObject({ personId: z.string().trim().min(1).max(200) });
const team = z.strictObject({ teamId: z.uuid() });
const recipient = z.union([person, team], { error: 'must be {"personId": "…"} or {"teamId": "…"}' });

export const ownerBody = withExample(z.strictObject({ to: recipient }), { to: { personId: 'demo-coordinator' } });

export const handoverBody = withExample(z.strictObject({ to: recipient, note: words }), {
  to: { teamId: '0198c0de-0000-7000-8000-000000000001' },
  note: 'The practice will send the imaging report on Thursday.',
});

export const routingBody = withExample(
  z.strictObject({ teamId: z.uuid().optional(), discipline: z.enum(DISCIPLINES).nullable().optional(), programme: key.nullable().optional() }),
  { discipline: 'physiotherapy', programme: 'pain-education' },
);

export const teamBody = withExample(
  z.strictObject({
    name: z.string().trim().min(1).max(80),
    disciplines: z.array(z.enum(DISCIPLINES)).max(DISCIPLINES.length).default([]),
    pathways: z.array(z.enum(PATHWAYS)).max(PATHWAYS.length).default([]),
    members: z.array(z.strictObject({ personId: z.string().trim().min(1).max(200), name: z.string().trim().min(1).max(200) })).max(200).default([]),
  }),
  { name: 'Physiotherapy intake', disciplines: ['physiotherapy'], pathways: ['single-discipline'], members: [{ personId: 'demo-coordinator', name: 'Demo coordinator' }] },
);

/** Referrals of one bulk act at most. */
const MOST_ITEMS = 100;

const items = z
  .array(z.strictObject({ id: z.uuid(), version: z.int().min(1).optional() }))
  .min(1)
  .max(MOST_ITEMS)
  .refine((list) => new Set(list.map(({ id }) => id)).size === list.length, 'must name each referral once');

const example = [{ id: '0198c0de-0000-7000-8000-000000000002', version: 3 }, { id: '0198c0de-0000-7000-8000-000000000003' }];

/** One safe act on many referrals. Decisions are made one by one. */
export const bulkBody = withExample(
  z.discriminatedUnion('act', [
    z.strictObject({ act: z.literal('claim'), referrals: items }),
    z.strictObject({ act: z.literal('assign'), referrals: items, to: recipient }),
    z.strictObject({ act: z.literal('hand-over'), referrals: items, to: recipient, note: words }),
    z.strictObject({ act: z.literal('ask-for-missing'), referrals: items }),
  ]),
  { act: 'assign', referrals: example, to: { personId: 'demo-coordinator' } },
);
