import tseslint from 'typescript-eslint';

/** Time comes from the injected clock; only the clock itself asks the machine. */
const clockOnly = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Ask the injected Clock for the time.' },
  { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: 'Ask the injected Clock for the time.' },
];

const noDoubleCast = {
  selector: "TSAsExpression > TSAsExpression[typeAnnotation.type='TSUnknownKeyword']",
  message: 'A cast by way of unknown hides a mistake: narrow the type instead.',
};

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.cache/', '.cairn/', 'node_modules/', '**/*.cjs'] },
  {
    files: ['{apps,libs,tests}/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // Nest's modules are classes whose decorator says everything.
      '@typescript-eslint/no-extraneous-class': 'off',
      // A method that fulfils an async contract need not wait for anything.
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': ['error', noDoubleCast],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack', 'for now'], location: 'anywhere' }],
      'max-lines': ['error', { max: 300 }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    files: ['libs/**/*.ts'],
    ignores: ['libs/kernel/src/clock.ts', 'libs/platform/src/clock/*.ts', '**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', noDoubleCast, ...clockOnly] },
  },
  {
    // These tell a person at a terminal what happens.
    files: ['apps/{cli,demo}/**/*.ts', 'tests/bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['scripts/**/*.mjs', '*.mjs'],
    extends: [tseslint.configs.recommended],
    rules: {
      'max-lines': ['error', { max: 300 }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack', 'for now'], location: 'anywhere' }],
    },
  },
);
