/** How every TypeScript file is made ready for jest: decorators with their metadata, modules left as ESM. */
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      swcrc: false,
      module: { type: 'es6' },
      jsc: {
        parser: { syntax: 'typescript', decorators: true, dynamicImport: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        target: 'es2024',
        keepClassNames: true,
        experimental: { keepImportAttributes: true },
      },
    },
  ],
};

const shared = {
  transform,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@cairn/([a-z]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cairn/'],
};

/** @type {import('jest').Config} */
export default {
  reporters: ['default', '<rootDir>/scripts/lib/test-reporter.mjs'],
  testSequencer: '<rootDir>/scripts/lib/longest-first.cjs',
  maxWorkers: 2,
  workerIdleMemoryLimit: '2GB',
  testTimeout: 30_000,
  projects: [
    { ...shared, displayName: 'specs', testMatch: ['<rootDir>/{libs,apps}/**/*.spec.ts'] },
    {
      ...shared,
      displayName: 'tests',
      testMatch: ['<rootDir>/tests/**/*.{test,spec}.ts'],
      globalSetup: '<rootDir>/tests/support/global-setup.ts',
    },
  ],
};
