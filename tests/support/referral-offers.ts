import type { Condition } from '@medplum/fhirtypes';
import type { TestApp } from './app.js';
import { asOwner } from './clinic-settings.js';
import { referralBundle, send, type Hospital, type ReferralParts, type Staff } from './referral-factory.js';

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: { readonly example?: unknown } }>> } }>>>>;
}

/** One write route on a referral, as the OpenAPI document has it. */
export interface WriteRoute {
  readonly method: string;
  readonly path: string;
  readonly example: object | undefined;
  /** Set where the body is no JSON. */
  readonly contentType: string | undefined;
}

export interface Offered {
  readonly action: string;
  readonly method: string;
  readonly href: string;
  readonly needsIfMatch: boolean;
  readonly body: { readonly contentTypes: string[]; readonly schema: string } | null;
  readonly describedBy: string;
}

/** A referral with what its reader is offered. */
export interface OfferingReferral {
  readonly id: string;
  readonly patient: { readonly id: string };
  readonly state: string;
  readonly version: number;
  readonly duplicates: readonly { readonly id: string }[];
  readonly availableActions: readonly Offered[];
  readonly blockedActions: readonly (Offered & { readonly because: { readonly rule: string; readonly message: string } })[];
}

/** The OpenAPI document, and every write route below one referral in it, each with the body that it shows as an example. */
export async function describedRoutes(app: TestApp): Promise<{ readonly document: Description; readonly routes: WriteRoute[] }> {
  const document = (await (await fetch(`${app.url}/docs/openapi.json`)).json()) as Description;
  const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    !path.startsWith('/api/v1/referrals/{id}/')
      ? []
      : Object.entries(operations).flatMap(([method, { requestBody }]): WriteRoute[] => {
          if (method === 'get') return [];
          const [type] = Object.keys(requestBody?.content ?? {});
          return [{ method: method.toUpperCase(), path, example: requestBody?.content['application/json']?.schema?.example as object | undefined, contentType: type === 'application/json' ? undefined : type }];
        }),
  );
  return { document, routes };
}

/** What a JSON pointer of an answer leads to in the document; undefined where it leads nowhere. */
export function pointedAt(document: object, pointer: string): unknown {
  const [, path = ''] = pointer.split('#/');
  return path.split('/').reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[decodeURIComponent(part).replaceAll('~1', '/')], document);
}

const STAT = { urgency: 'stat', pathway: 'assessment', comment: 'Fits.' };
const VISIT = { start: '2031-01-15T09:00:00Z', minutes: 30 };
const CAUDA_EQUINA: Condition = { resourceType: 'Condition', subject: {}, code: { coding: [{ system: 'http://snomed.info/sct', code: '192970008' }] } };

type Walk = readonly (readonly ['POST' | 'DELETE', string, object?])[];
const accepted: Walk = [['POST', 'triage'], ['POST', 'acceptance', STAT]];
const booked: Walk = [...accepted, ['POST', 'appointment', VISIT]];

/** Lets PostgreSQL know how much there is, as its own daemon does a minute later: until then every search of a table that has just filled is planned as if it were empty. */
export const refreshStatistics = (app: TestApp): Promise<void> => asOwner(app, 'analyze');

/** Ways to every state, and to what else decides about acts. */
const WALKS: Readonly<Record<string, Walk>> = {
  received: [],
  'in triage': [['POST', 'triage']],
  'information requested': [['POST', 'triage'], ['POST', 'information-request', { question: 'MRI?' }]],
  'accepted, to be undone': [['POST', 'triage'], ['POST', 'acceptance', { ...STAT, urgency: 'routine' }]],
  accepted,
  'accepted for advice': [['POST', 'triage'], ['POST', 'acceptance', { ...STAT, pathway: 'advice-only' }]],
  waitlisted: [...accepted, ['POST', 'waitlisting', { comment: 'Full.' }]],
  'in triage again': [...accepted, ['POST', 'waitlisting', { comment: 'Full.' }], ['POST', 'triage']],
  booked,
  'to rebook': [...booked, ['POST', 'no-show']],
  'in care': [...booked, ['POST', 'attendance']],
  'on hold': [...booked, ['POST', 'attendance'], ['POST', 'hold', { reason: 'patient-ill' }]],
  'cancellation requested': [...booked, ['POST', 'cancellation', { comment: 'Called.' }]],
  withdrawn: [['POST', 'cancellation', { comment: 'Called.' }]],
  closed: [...accepted, ['POST', 'closure', { summary: 'Better.' }]],
  'closed unseen': [...accepted, ['POST', 'unseen-closure', { reason: 'moved', comment: 'Abroad.' }]],
  'entered in error': [['POST', 'retraction', { comment: 'Wrong patient.' }]],
};

/** Situations in which referrals are looked at; each makes a fresh one and returns its id. */
export function situations(app: TestApp, from: Hospital, { coordinator, clinician, colleague }: Readonly<Record<'coordinator' | 'clinician' | 'colleague', Staff>>): Readonly<Record<string, () => Promise<string>>> {
  // Born on days of their own: the more people share a day, the more are compared when another arrives.
  let born = 0;
  const birthDate = (): string => new Date(Date.UTC(1980, 0, ++born)).toISOString().slice(0, 10);
  const arrive = async (parts: ReferralParts = {}): Promise<string> => (await coordinator.find((await send(from.fhir, referralBundle({ birthDate: birthDate(), ...parts })))['Patient'] ?? '')).id;
  const walked = async (id: string, walk: Walk): Promise<string> => {
    for (const [method, path, body] of walk) await coordinator.act(id, method, path, body);
    return id;
  };
  const decided = async (path: string, body: object): Promise<string> => {
    const id = await walked(await arrive(), [['POST', 'triage'], ['POST', path, body]]);
    await app.advance(3 * 60_000);
    return id;
  };
  const twins = async (): Promise<[string, string]> => {
    const person = { givenName: `Twin ${crypto.randomUUID()}`, birthDate: birthDate() };
    return [await arrive(person), await arrive(person)];
  };
  return {
    ...Object.fromEntries(Object.entries(WALKS).map(([name, walk]) => [name, async () => walked(await arrive(), walk)])),
    'accepted, window over but not yet in effect': () => decided('acceptance', { ...STAT, urgency: 'routine' }),
    'declined, window over but not yet in effect': () => decided('decline', { reason: 'other', advice: 'Elsewhere.' }),
    redirected: async () => {
      const id = await decided('redirection', { to: 'Spine centre', comment: 'Surgery.' });
      await coordinator.act(id, 'POST', 'messages', { text: 'We passed it on.' });
      return id;
    },
    'with a hard stop': () => arrive({ rests: [CAUDA_EQUINA] }),
    'in triage with a hard stop': async () => walked(await arrive({ rests: [CAUDA_EQUINA] }), [['POST', 'triage']]),
    'in own hands': async () => {
      const id = await arrive();
      await clinician.call('PUT', `/referrals/${id}/claim`);
      return id;
    },
    'in the hands of a colleague': async () => {
      const id = await walked(await arrive(), [['POST', 'triage']]);
      await colleague.call('PUT', `/referrals/${id}/claim`);
      return id;
    },
    'perhaps the same as another': async () => (await twins())[1],
    'perhaps the same as another that is over': async () => {
      const [earlier, later] = await twins();
      await coordinator.act(earlier, 'POST', 'retraction', { comment: 'Typed twice.' });
      return later;
    },
  };
}
