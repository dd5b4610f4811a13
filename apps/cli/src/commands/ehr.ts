import { Command, Option } from 'commander';
import { newId } from '@cairn/kernel';
import { EhrChecks, EhrConnections, type CheckReport } from '@cairn/ehr';
import { Clinics, cairnScope, type Scope } from '@cairn/platform';
import type { INestApplicationContext } from '@nestjs/common';
import { withFeatures } from '../context.js';

const DIALECTS = ['bser-stu2', 'bser-stu1', 'sdohcc', 'plain'] as const;
const HOSTS = ['cairn', 'requester'] as const;

interface Wish {
  clinic: string;
  url: string;
  clientId: string;
  scope?: string;
  dialect: (typeof DIALECTS)[number];
  taskHost: (typeof HOSTS)[number];
}

const scopeOf = async (app: INestApplicationContext, clinic: string): Promise<Scope> => {
  const found = await app.get(Clinics).find(clinic);
  if (!found) throw new Error(`There is no clinic "${clinic}".`);
  return cairnScope(found.id, 'operator', newId());
};

const add = new Command('add')
  .description("add or change a connection to a hospital's EHR")
  .argument('<name>', 'what people call it')
  .requiredOption('--clinic <name>', 'the clinic it belongs to')
  .requiredOption('--url <address>', 'FHIR base of the EHR')
  .requiredOption('--client-id <id>', 'what the EHR calls Cairn')
  .option('--scope <scopes>', 'SMART scopes to ask for')
  .addOption(new Option('--dialect <dialect>', 'how its Tasks speak').choices(DIALECTS).default('plain'))
  .addOption(new Option('--task-host <side>', 'which side hosts the Task').choices(HOSTS).default('cairn'))
  .action(async (name: string, wish: Wish) => {
    const id = await withFeatures(async (app) =>
      app.get(EhrConnections).put(await scopeOf(app, wish.clinic), {
        name,
        baseUrl: wish.url,
        clientId: wish.clientId,
        scopes: wish.scope,
        dialect: wish.dialect,
        taskHost: wish.taskHost,
      }),
    );
    process.stdout.write(`The connection "${name}" stands (${id}). Test it: npm run cairn -- ehr check "${name}" --clinic ${wish.clinic}\n`);
  });

const MARKS = { passed: 'ok', warning: 'note', failed: 'FAIL', skipped: '-' } as const;

/** The self-test as hospital IT reads it. */
const inWords = ({ passed, steps }: CheckReport): string =>
  [
    ...steps.map(({ step, outcome, found, mend }) => `${MARKS[outcome].padEnd(5)} ${step}: ${found}${mend ? `\n      → ${mend}` : ''}`),
    passed ? 'The link works.' : 'The link does not work yet: mend what failed and test again.',
  ].join('\n');

const check = new Command('check')
  .description('test a connection, and say in plain words what does not work and how to mend it')
  .argument('<name>', 'the connection')
  .option('--clinic <name>', 'the clinic it belongs to', 'demo')
  .option('--write', 'also create, change and remove one test resource about nobody')
  .action(async (name: string, { clinic, write = false }: { clinic: string; write?: boolean }) => {
    const report = await withFeatures(async (app) => app.get(EhrChecks).run(await scopeOf(app, clinic), name, { write }));
    process.stdout.write(`${inWords(report)}\n`);
    if (!report.passed) process.exitCode = 1;
  });

/** `ehr add`, `ehr check`: the links to hospitals' EHRs. */
export const ehrCommand = (): Command => new Command('ehr').description("connections to hospitals' EHRs").addCommand(add).addCommand(check);
