/** Unit tests import the sources of their own package; everything else is imported as it would be published (dist). */
export default {
  testMatch: ['<rootDir>/{packages,plugins}/*/test/**/*.test.ts', '<rootDir>/{host,test}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/package.json', '<rootDir>/bench/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true },
        },
        module: { type: 'nodenext' },
      },
    ],
  },
  reporters: ['default', '<rootDir>/test/closing-line-reporter.js'],
  maxWorkers: 2,
  testTimeout: 30_000,
};
