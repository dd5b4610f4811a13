import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { configSchema } from '@cairn/platform';

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
}

const page = readFileSync('docs/configuration.md', 'utf8');
const composeText = readFileSync('docker-compose.yml', 'utf8');
const { services } = parse(composeText, { merge: true }) as { services: Readonly<Record<string, Service>> };

/** Variables that stand in the first column of a table. */
const documented = new Set(
  page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].flatMap(([, name]) => name ?? [])),
);
const known = Object.keys(configSchema.shape);
const isCairns = (service: Service): boolean => 'CAIRN_MODE' in (service.environment ?? {});

describe('docs/configuration.md', () => {
  it.each(known)('explains %s', (name) => expect(documented).toContain(name));

  it('states the defaults that the schema has', () => {
    for (const name of known) {
      const { data } = configSchema.shape[name as keyof typeof configSchema.shape].safeParse(undefined);
      if (!['string', 'number', 'boolean'].includes(typeof data)) continue;
      const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``));
      expect([name, row?.split('|').at(-2)]).toEqual([name, expect.stringContaining(`\`${data as string | number | boolean}\``)]);
    }
  });
});

describe('docker-compose.yml', () => {
  it('asks only for variables that are explained', () => {
    const asked = [...composeText.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
    expect(asked.length).toBeGreaterThan(0);
    for (const name of asked) expect(documented).toContain(name);
  });

  it('gives Cairn only variables that Cairn reads', () => {
    const given = Object.values(services).filter(isCairns).flatMap((service) => Object.keys(service.environment ?? {}));
    for (const name of given.filter((each) => !each.startsWith('SANDBOX_'))) expect(known).toContain(name);
    for (const name of given) expect(documented).toContain(name);
  });

  it('holds no secret: each comes from outside, and is demanded', () => {
    for (const name of ['POSTGRES_PASSWORD', 'CAIRN_OWNER_PASSWORD', 'CAIRN_APP_PASSWORD', 'CAIRN_SECRET_KEYS']) {
      expect([...composeText.matchAll(new RegExp(`\\$\\{${name}(:\\?)?`, 'g'))].map(([, demand]) => demand)).toContain(':?');
    }
    const given = Object.values(services).flatMap((service) => Object.entries(service.environment ?? {}));
    for (const [name, value] of given.filter(([each]) => /PASSWORD|SECRET|TOKEN|KEY/.test(each))) expect([name, value]).toEqual([name, expect.stringMatching(/^\$\{[^}]+\}$/)]);
  });

  it('has a health check for every service that keeps running', () => {
    const unchecked = Object.entries(services).filter(([, { restart, healthcheck }]) => restart !== 'no' && !healthcheck);
    expect(unchecked.map(([name]) => name)).toEqual([]);
  });
});
