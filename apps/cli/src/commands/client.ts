import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { registerClient } from '@cairn/ehr';
import type { ValidationLevel } from '@cairn/platform';
import { ownerUrl } from '../context.js';

interface Wish {
  clinic: string;
  name: string;
  connection?: string;
  everyPatient?: boolean;
  jwksUrl?: string;
  jwks?: string;
  scope: string;
  validation: ValidationLevel;
}

const keysOf = async ({ jwksUrl, jwks }: Wish): Promise<{ jwksUrl: string } | { jwks: unknown }> => {
  if (jwksUrl) return { jwksUrl };
  if (jwks) return { jwks: JSON.parse(await readFile(jwks, 'utf8')) as unknown };
  throw new Error("Name the client's public keys: --jwks-url <address> or --jwks <file>.");
};

const add = new Command('add')
  .description('let a hospital’s system ask for tokens (needs DATABASE_OWNER_URL)')
  .argument('<client-id>', 'what its assertions name as iss and sub')
  .requiredOption('--clinic <name>', 'the clinic it exchanges with')
  .requiredOption('--name <text>', 'what people call it')
  .requiredOption('--scope <scopes>', 'SMART scopes it may be granted, such as "system/ServiceRequest.cruds system/Task.cruds"')
  .addOption(new Option('--connection <name>', 'the connection whose patients it may see').conflicts('everyPatient'))
  .option('--every-patient', 'let it see all patients of the clinic')
  .addOption(new Option('--jwks-url <address>', 'where its public keys are').conflicts('jwks'))
  .option('--jwks <file>', 'a file with its public keys')
  .addOption(new Option('--validation <level>', 'refuse resources for any fault (strict), store them and tell the faults (warn), or store them (off)').choices(['strict', 'warn', 'off']).default('strict'))
  .action(async (clientId: string, wish: Wish) => {
    if (!wish.connection && !wish.everyPatient) throw new Error('Say whose patients it may see: --connection <name>, or --every-patient.');
    await registerClient(ownerUrl(), {
      clinic: wish.clinic,
      clientId,
      name: wish.name,
      sees: wish.connection ? { connection: wish.connection } : 'every-patient',
      keys: await keysOf(wish),
      scopes: wish.scope,
      validation: wish.validation,
      allowHttp: process.env['CAIRN_MODE'] === 'demo',
    });
    process.stdout.write(`${clientId} may now ask for tokens.\n`);
  });

/** `client add`: registers a hospital's system. */
export const clientCommand = (): Command => new Command('client').description('systems that may ask for tokens').addCommand(add);
