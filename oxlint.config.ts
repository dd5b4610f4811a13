import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'oxlint';

const warnings = { terms: ['todo', 'fixme', 'xxx', 'hack', 'for now'], location: 'anywhere' };

/** Nest reads the types of their constructors' parameters when it builds them, so these are imported as values. */
const builtByNest = globSync('{apps,libs,tests}/**/*.ts').filter((file) => /^\s*@[A-Z]\w*\(/m.test(readFileSync(file, 'utf8')));

export default defineConfig({
  plugins: ['eslint', 'typescript'],
  jsPlugins: ['./scripts/lib/house-rules.mjs'],
  options: { typeAware: true },
  categories: { correctness: 'error' },
  ignorePatterns: ['dist/', 'coverage/', '.cache/', '.cairn/', 'node_modules/', '**/*.cjs'],
  rules: {
    'max-lines': ['error', { max: 300 }],
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'no-warning-comments': ['error', warnings],
    // Texts of hospitals are searched for characters that must not be in them.
    'no-control-regex': 'off',
    // Sorted are names and ids, for which the order of their letters is meant.
    'typescript/require-array-sort-compare': 'off',
    // A Set or Map is spread as the list of what it holds.
    'typescript/no-misused-spread': 'off',
    'typescript/no-useless-default-assignment': 'off',
  },
  overrides: [
    {
      files: ['{apps,libs,tests}/**/*.ts'],
      rules: {
        'house/no-double-cast': 'error',
        'no-console': 'error',
        'no-array-constructor': 'error',
        'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
        'typescript/await-thenable': 'error',
        'typescript/ban-ts-comment': ['error', { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true }],
        'typescript/consistent-type-imports': 'error',
        'typescript/no-base-to-string': 'error',
        'typescript/no-empty-object-type': 'error',
        'typescript/no-explicit-any': 'error',
        'typescript/no-floating-promises': 'error',
        'typescript/no-misused-promises': 'error',
        'typescript/no-namespace': 'error',
        'typescript/no-redundant-type-constituents': 'error',
        'typescript/no-require-imports': 'error',
        'typescript/no-unnecessary-type-assertion': 'error',
        'typescript/no-unnecessary-type-constraint': 'error',
        'typescript/no-unsafe-argument': 'error',
        'typescript/no-unsafe-assignment': 'error',
        'typescript/no-unsafe-call': 'error',
        'typescript/no-unsafe-enum-comparison': 'error',
        'typescript/no-unsafe-function-type': 'error',
        'typescript/no-unsafe-member-access': 'error',
        'typescript/no-unsafe-return': 'error',
        'typescript/only-throw-error': 'error',
        'typescript/prefer-promise-reject-errors': 'error',
        'typescript/restrict-plus-operands': 'error',
        'typescript/restrict-template-expressions': 'error',
        'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
        'typescript/unbound-method': 'error',
      },
    },
    // What isn't there fails the test as it should.
    { files: ['tests/**/*.ts'], rules: { 'no-unsafe-optional-chaining': 'off' } },
    // Their types are told in comments, and checked by the compiler.
    { files: ['scripts/**/*.mjs'], rules: { 'typescript/await-thenable': 'off', 'typescript/restrict-template-expressions': 'off' } },
    { files: builtByNest, rules: { 'typescript/consistent-type-imports': 'off' } },
    { files: ['libs/**/*.ts'], rules: { 'house/clock-only': 'error' } },
    { files: ['libs/kernel/src/clock.ts', 'libs/platform/src/clock/*.ts', '**/*.spec.ts'], rules: { 'house/clock-only': 'off' } },
    // These tell a person at a terminal what happens.
    { files: ['apps/{cli,demo}/**/*.ts', 'tests/bench/**/*.ts'], rules: { 'no-console': 'off' } },
  ],
});
