/**
 * The import rules of the house, checked by machine (`npm run check`). Each rule's comment is the sentence it enforces.
 */

/** A feature may import what stands to its left. */
const features = ['people', 'outcomes', 'referrals', 'conferences', 'plans', 'programmes'];
const ground = ['kernel', 'platform', 'fhir'];

const lib = (...names) => `^libs/(${names.join('|')})/`;
const spec = '\\.spec\\.ts$';
const events = `^libs/(${features.join('|')})/src/[^/]+\\.events\\.ts$`;

/** Who may import which other libs; own files, npm packages and Node's modules are another rule's business. */
const mayImport = (name, comment, allowed, alsoFiles = []) => ({
  name,
  comment,
  severity: 'error',
  from: { path: lib(name) },
  to: { path: '^libs/', pathNot: [lib(name, ...allowed), ...alsoFiles] },
});

module.exports = {
  forbidden: [
    {
      name: 'kernel',
      comment: 'kernel imports nothing: it is pure. (Ids and dates come from two small packages that touch nothing either.)',
      severity: 'error',
      from: { path: lib('kernel'), pathNot: spec },
      to: { pathNot: [lib('kernel'), '^node_modules/(uuid|temporal-polyfill|temporal-spec)/'] },
    },
    mayImport('platform', 'platform imports kernel.', ['kernel']),
    mayImport('fhir', 'fhir imports kernel and platform.', ['kernel', 'platform']),
    ...features.map((name, place) =>
      mayImport(name, `${features.join(' ← ')}: a feature may import what stands to its left.`, [...ground, ...features.slice(0, place)]),
    ),
    mayImport('reminders', 'reminders imports people, and the other features’ *.events.ts only.', [...ground, 'people'], [events]),
    mayImport('notifications', 'notifications imports people and reminders, and the other features’ *.events.ts only.', [...ground, 'people', 'reminders'], [events]),
    {
      name: 'nothing-imports-ehr',
      comment: 'ehr is the only door to the outside: it may import features, and nothing but an app imports it.',
      severity: 'error',
      from: { path: '^libs/', pathNot: lib('ehr') },
      to: { path: lib('ehr') },
    },
    {
      name: 'libs-through-index',
      comment: 'A lib is imported by its index.ts only; reminders and notifications also by *.events.ts.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/', pathNot: lib('reminders', 'notifications') },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'listeners-through-index-or-events',
      comment: 'A lib is imported by its index.ts only; reminders and notifications also by *.events.ts.',
      severity: 'error',
      from: { path: '^libs/(reminders|notifications)/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$', events] },
    },
    {
      name: 'apps-through-index',
      comment: 'Apps import libs through their index.ts only.',
      severity: 'error',
      from: { path: '^apps/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'libs-know-no-app',
      comment: 'Libs import neither apps nor tests.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|tests|scripts)/' },
    },
    {
      name: 'apps-stand-alone',
      comment: 'An app imports another at its index.ts at most (the sandbox has one); what they share lies beside them or in a lib.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^(apps/[^/]+/|tests/|scripts/)', pathNot: ['^apps/$1/', '^apps/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'workflow-is-pure',
      comment: 'A *.workflow.ts imports only kernel.',
      severity: 'error',
      from: { path: '\\.workflow\\.ts$' },
      to: { pathNot: '^libs/kernel/src/index\\.ts$' },
    },
    {
      name: 'mapper-is-pure',
      comment: 'A *.fhir.ts turns facts into FHIR and back: no framework, no database, no service.',
      severity: 'error',
      from: { path: '\\.fhir\\.ts$' },
      to: { path: '(^node_modules/(@nestjs|@mikro-orm|pg|fastify|bullmq)/|\\.(service|controller|queries|processor|module|dto)\\.ts$)' },
    },
    {
      name: 'events-are-names',
      comment: 'A *.events.ts holds names and payloads of ids; it imports kernel and platform at most.',
      severity: 'error',
      from: { path: '\\.events\\.ts$' },
      to: { pathNot: '^libs/(kernel|platform)/src/index\\.ts$' },
    },
    {
      name: 'controllers-see-no-database',
      comment: 'Controllers never see the entity manager, nor entities. (The platform’s health check asks the database itself.)',
      severity: 'error',
      from: { path: '\\.controller\\.ts$', pathNot: lib('platform') },
      to: { path: '(^node_modules/(@mikro-orm|pg|kysely)/|\\.entity\\.ts$)' },
    },
    {
      name: 'services-see-no-http',
      comment: 'Services (and queries, processors, entities) never see HTTP.',
      severity: 'error',
      from: { path: '\\.(service|queries|processor|entity)\\.ts$' },
      to: { path: '(^node_modules/(fastify|@fastify|@nestjs/platform-fastify)/|^https?$|\\.(controller|dto)\\.ts$)' },
    },
    {
      name: 'inward-only',
      comment: 'controller → service → { workflow, entity, fhir }: a row never calls back up.',
      severity: 'error',
      from: { path: '\\.entity\\.ts$' },
      to: { path: '\\.(service|queries|controller|processor)\\.ts$' },
    },
    {
      name: 'no-circles',
      comment: 'Two modules that need each other at run time are one module, or three.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-drawer-for-everything',
      comment: 'A file has one reason to exist: no utils, helpers or common.',
      severity: 'error',
      from: {},
      to: { path: '/(util|utils|helper|helpers|common|misc)\\.(ts|mjs)$', pathNot: 'node_modules' },
    },
    {
      name: 'specs-are-leaves',
      comment: 'Nobody imports a spec.',
      severity: 'error',
      from: {},
      to: { path: spec },
    },
    {
      name: 'no-development-packages',
      comment: 'What runs in a clinic imports no development package, and none that package.json does not name.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: spec },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-unresolved',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: { path: '^(apps|libs|tests)/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      mainFields: ['module', 'main', 'types', 'typings'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
