import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROLES, TokenService } from '@cairn/platform';
import { startTestApp, type TestApp } from '../support/app.js';
import { Staff, hospital, referralBundle, send } from '../support/referral-factory.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly maximum?: number;
  readonly minimum?: number;
  readonly maxItems?: number;
  readonly format?: string;
  readonly pattern?: string;
  readonly nullable?: boolean;
  readonly example?: unknown;
}
type Operation = { readonly parameters?: readonly { readonly name: string; readonly in: string }[]; readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>> } };
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** A value that the schema does not allow, at a path, and what is wrong with it. */
interface Wrong {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  readonly what: string;
}

const HOSTILE = ["'; drop table referral; --", '<script>alert(1)</script>', '../../etc/passwd', '${7*7}', '‮gnp', 'a'.repeat(100_000), '\ud800'];

/** What stands at the path of a body, changed. */
function changed(body: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  const copy = (Array.isArray(body) ? body.slice() : { ...(body as object) }) as Record<string | number, unknown>;
  copy[head] = changed(copy[head] ?? {}, rest, value);
  return copy;
}

describe('every body of the referral interface', () => {
  let app: TestApp;
  let staff: Staff;
  let id: string;
  let description: Description;

  beforeAll(async () => {
    app = await startTestApp();
    const from = await hospital(app, 'plain');
    // Somebody with every right, so that what is refused is refused for its words.
    const { access_token } = await app.get(TokenService).issueDemo(app.clinicId, { kind: 'person', id: 'demo-everybody', name: 'Demo everybody', roles: ROLES });
    staff = new Staff(app, `Bearer ${access_token}`);
    id = (await staff.find((await send(from.fhir, referralBundle()))['Patient'] ?? '')).id;
    description = (await (await fetch(`${app.url}/docs/openapi.json`)).json()) as Description;
  });
  afterAll(() => app.stop());

  const resolved = (schema: Schema): Schema => (schema.$ref ? resolved(description.components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : schema);

  /** Wrong values for every field of the schema that the example fills, and for the fields that it leaves out. */
  function wrongs(given: Schema, example: unknown, path: readonly (string | number)[] = []): Wrong[] {
    const schema = resolved(given);
    const at = (value: unknown, what: string): Wrong => ({ path, value, what });
    if (schema.nullable) return wrongs({ ...schema, nullable: false }, example ?? undefined, path).filter(({ path: deeper, value }) => value !== null || deeper.length > path.length);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices) {
      const fits = ([key, value]: [string, unknown], { properties }: Schema): boolean => {
        const field = properties?.[key];
        return field !== undefined && (field.const === undefined || field.const === value) && (field.enum === undefined || field.enum.some((word) => word === value));
      };
      const filled = choices.map(resolved).find((choice) => choice.type === 'object' && typeof example === 'object' && example !== null && Object.entries(example).every((entry) => fits(entry, choice)));
      return [at(42, 'a number'), ...(filled ? wrongs(filled, example, path).filter((wrong) => wrong.path.length > path.length) : [])];
    }
    if (schema.type === 'object' && schema.properties) {
      const fields = Object.entries(schema.properties).flatMap(([name, field]) => wrongs(field, (example as Record<string, unknown> | undefined)?.[name], [...path, name]));
      const missing = (schema.required ?? []).map((name): Wrong => ({ path: [...path, name], value: undefined, what: 'missing' }));
      return [...(path.length > 0 ? [at('text', 'text'), at([], 'a list')] : []), ...fields, ...missing, { path: [...path, 'surplus'], value: 1, what: 'unknown field' }];
    }
    if (schema.type === 'object') return [at('text', 'text'), at(7, 'a number')];
    if (schema.type === 'array') {
      const first: unknown = Array.isArray(example) ? example[0] : undefined;
      const tooMany = schema.maxItems === undefined ? [] : [at(Array.from({ length: schema.maxItems + 1 }, () => first ?? 'x'), 'too many')];
      return [at('text', 'text'), at({}, 'an object'), at([null], 'a list of null'), ...tooMany, ...(schema.items && first !== undefined ? wrongs(schema.items, first, [...path, 0]) : [])];
    }
    if (schema.type === 'integer' || schema.type === 'number') {
      return [at('many', 'text'), at(null, 'null'), at(1e300, 'huge'), ...(schema.minimum === undefined ? [] : [at(schema.minimum - 1, 'too small')]), ...(schema.type === 'integer' ? [at(1.5, 'a fraction')] : [])];
    }
    if (schema.type === 'boolean') return [at('yes', 'text'), at(1, 'a number'), at(null, 'null')];
    const fixed = schema.enum ?? (schema.format || schema.pattern ? [] : undefined);
    return [
      at(42, 'a number'), at(null, 'null'), at({ toString: 'x' }, 'an object'), at(['x'], 'a list'), at(true, 'a boolean'),
      ...((schema.minLength ?? 0) > 0 || fixed ? [at('', 'empty')] : []),
      ...(schema.maxLength === undefined ? [] : [at('x'.repeat(schema.maxLength + 1), 'too long')]),
      ...(fixed ? HOSTILE.map((value) => at(value, 'hostile')) : [at('a'.repeat(100_000), 'very long')]),
    ];
  }

  it('refuses every wrong and hostile value with a 4xx that names its field', async () => {
    const bodies = Object.entries(description.paths)
      .filter(([path]) => path.startsWith('/api/v1/referral') || path.startsWith('/api/v1/triage') || path.startsWith('/api/v1/intake'))
      .flatMap(([path, operations]) => Object.entries(operations).flatMap(([method, { requestBody }]) => {
        const content = requestBody?.content?.['application/json'];
        const schema = content?.schema && resolved(content.schema);
        return schema ? [{ path, method, schema, example: schema.example ?? content?.example }] : [];
      }));
    expect(bodies.length).toBeGreaterThan(18);
    const unnamed: unknown[] = [];
    let tried = 0;
    for (const { path, method, schema, example } of bodies) {
      expect([path, example === undefined]).toEqual([path, false]);
      const url = path.replace('/api/v1', '').replace('{id}', id).replace('{flag}', 'cauda-equina').replace(/\{\w+\}/g, crypto.randomUUID());
      const cases = wrongs(schema, example);
      for (let start = 0; start < cases.length; start += 20) {
        await Promise.all(
          cases.slice(start, start + 20).map(async (wrong) => {
            tried++;
            const reply = await staff.call<{ errors?: { field: string }[] }>(method.toUpperCase(), url, changed(example, wrong.path, wrong.value) as object, 'W/"1"');
            const field = wrong.path.join('.') || '(body)';
            // A list or a choice of shapes may be refused as a whole; a surplus field by its owner.
            const owners = wrong.path.map((_, index) => wrong.path.slice(0, index).join('.') || '(body)');
            const named = (reply.body.errors ?? []).some((error) => error.field === field || error.field.startsWith(`${field}.`) || owners.includes(error.field));
            if (reply.status < 400 || reply.status > 499 || !named) unnamed.push([method, path, field, wrong.what, reply.status, reply.body]);
          }),
        );
      }
    }
    expect(unnamed).toEqual([]);
    expect(tried).toBeGreaterThan(300);
    expect((await staff.read(id)).body.state).toBe('received');
  }, 120_000);

  it('refuses what is wrong in an address, and in each part of a query, with a 4xx that names it', async () => {
    const wrong: unknown[] = [];
    let tried = 0;
    const attempt = async (method: string, path: string, query: string, body: unknown, names: (field: string, status: number) => boolean): Promise<void> => {
      tried++;
      const reply = await staff.call<{ code?: string; errors?: { field: string }[] }>(method, `${path.replace('/api/v1', '')}${query}`, body as object | undefined, 'W/"1"');
      const named = [404, 412].includes(reply.status) || (reply.body.errors ?? []).some(({ field }) => names(field, reply.status));
      if (reply.status < 400 || reply.status > 499 || !named) wrong.push([method, path, query, reply.status, reply.body]);
    };
    const routes = Object.entries(description.paths)
      .filter(([path]) => path.startsWith('/api/v1/referral') || path.startsWith('/api/v1/triage') || path.startsWith('/api/v1/intake'))
      .flatMap(([path, operations]) => Object.entries(operations).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
    for (const { path, method, operation } of routes) {
      const schema = operation.requestBody?.content?.['application/json']?.schema;
      const body = schema ? resolved(schema).example : undefined;
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
      for (const part of parts) {
        for (const value of ['not-one', "' or 1=1 --", '..%2F..', '%00', '9'.repeat(200)]) {
          const url = parts.reduce((whole, each) => whole.replace(`{${each}}`, each === part ? encodeURIComponent(value).replaceAll('%25', '%') : each === 'id' ? id : crypto.randomUUID()), path);
          await attempt(method, url, path.endsWith('/attachments') ? '?title=x' : '', body, () => true);
        }
      }
      const url = path.replace('{id}', id).replace(/\{\w+\}/g, crypto.randomUUID());
      const asked = method === 'GET' ? (operation.parameters ?? []).filter((parameter) => parameter.in === 'query') : [];
      for (const { name } of asked) {
        if (['text', 'referrer', 'programme', 'accessNeed'].includes(name)) await attempt(method, url, `?${name}=${'x'.repeat(201)}`, undefined, (field) => field === name);
        else for (const value of ['%27%3B--', '-1', '%3Cscript%3E', 'a%20b', 'x'.repeat(3000)]) if (!(name === 'patient' && value === '-1')) await attempt(method, url, `?${name}=${value}`, undefined, (field) => field === name || field === 'through');
      }
      if (asked.length > 0) await attempt(method, url, '?surplus=1', undefined, () => true);
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(200);
  }, 120_000);

  it('pages every list in the same way: `limit` and `after` in, `items` and `next` out', () => {
    const lists = Object.entries(description.paths).flatMap(([path, { get }]) => {
      const names = (get?.parameters ?? []).filter((parameter) => parameter.in === 'query').map(({ name }) => name);
      return path.startsWith('/api/v1/') && names.some((name) => ['limit', 'after', 'cursor', 'page', 'offset'].includes(name)) ? [[path, names.filter((name) => ['limit', 'after', 'cursor', 'page', 'offset'].includes(name)).sort()]] : [];
    });
    expect(lists.length).toBeGreaterThan(10);
    expect(lists.filter(([, names]) => String(names) !== 'after,limit')).toEqual([]);
  });

  it('takes hostile text where text is free, and gives it back as it was', async () => {
    for (const text of HOSTILE.slice(0, 5)) {
      const { status, body } = await staff.call<{ id: string; request: { reasons: string[] } }>('POST', '/referrals', {
        patient: { familyName: text, givenNames: [text], birthDate: '1980-01-01' }, referrer: { name: text }, receivedBy: 'fax', reason: text,
      });
      expect([text, status, body.request?.reasons]).toEqual([text, 201, [text]]);
    }
  });

  it('refuses bodies that are no JSON, no object, too large, or hold what no text can hold', async () => {
    const send = async (body: string, type = 'application/json'): Promise<number> =>
      (await fetch(`${app.url}/api/v1/referrals`, { method: 'POST', headers: { authorization: await app.as('clinician'), 'content-type': type }, body })).status;
    for (const body of ['', '{', '[]', 'null', '"text"', '{"reason":"\\u0000"}', '{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{}}}']) {
      const status = await send(body);
      expect([body, status >= 400 && status < 500]).toEqual([body, true]);
    }
    expect(await send(`{"reason":"${'x'.repeat(2_000_000)}"}`)).toBe(413);
    expect(await send('reason=x', 'text/csv')).toBe(415);
  });
});
