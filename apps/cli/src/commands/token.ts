import { Command, Option } from 'commander';
import { Clinics, ROLES, TokenService, isRole, type PersonActor, type SystemActor } from '@cairn/platform';
import { withFeatures } from '../context.js';

interface Wish {
  role?: string;
  scope?: string;
  clinic: string;
}

const actorFor = ({ role, scope }: Wish): PersonActor | SystemActor => {
  if (scope !== undefined) return { kind: 'system', id: 'demo-client', name: 'Demo client', connectionId: null, scopes: scope.split(/\s+/).filter(Boolean) };
  const wanted = role ?? 'coordinator';
  if (!isRole(wanted)) throw new Error(`There is no role "${wanted}". Roles: ${ROLES.join(', ')}.`);
  return { kind: 'person', id: `demo-${wanted}`, name: `Demo ${wanted.replaceAll('-', ' ')}`, roles: [wanted] };
};

/** `token`: prints a token for the running instance, and nothing else. Demo mode only. */
export const tokenCommand = (): Command =>
  new Command('token')
    .description('print a token for the running demo: of a demo user, or of a demo client that sees all patients of its clinic')
    .addOption(new Option('--role <role>', 'a demo user with this role (default: coordinator)').choices([...ROLES]).conflicts('scope'))
    .addOption(new Option('--scope <scopes>', 'a demo client with these SMART scopes, such as "system/*.*"'))
    .option('--clinic <name>', 'the clinic', 'demo')
    .action(async (wish: Wish) => {
      const token = await withFeatures(async (app) => {
        const clinic = await app.get(Clinics).find(wish.clinic);
        if (!clinic) throw new Error(`There is no clinic "${wish.clinic}".`);
        return app.get(TokenService).issueDemo(clinic.id, actorFor(wish));
      });
      process.stdout.write(`${token.access_token}\n`);
    });
