import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { ARROWS, arrowFence, ENVIRONMENT_FILE, roomFence, ROOMS } from './architecture.js';

const root = import.meta.dirname;
const SOURCES = ['{packages,plugins}/*/src/**/*.ts', 'host/src/**/*.ts'];
const TESTS = [
  '{packages,plugins}/*/test/**/*.ts',
  'host/test/**/*.ts',
  '{test,bench,fuzz,scripts,examples}/**/*.ts',
];

const nodeGlobals = Object.fromEntries(
  Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly']),
);

export default defineConfig(
  globalIgnores([
    '**/dist/',
    '**/coverage/',
    '**/.glue/',
    '**/test/fixtures/', // connectors that are broken on purpose, and bytes as received
    'packages/create-glue-connector/template*/',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: everyWayToExportDefault() }],
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  { files: ['**/*.{js,mjs}'], languageOptions: { globals: nodeGlobals } },

  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },

  // Sources: everything that types can tell.
  {
    files: SOURCES,
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'no-restricted-properties': ['error', environmentIsReadOnce()],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { allowDefaultCaseForExhaustiveSwitch: false, considerDefaultExhaustiveForUnions: false },
      ],
      // A hook or port is async by contract, whether or not this implementation waits for something.
      '@typescript-eslint/require-await': 'off',
    },
  },
  ...arrowConfigs(),
  { files: [ENVIRONMENT_FILE], rules: { 'no-restricted-properties': 'off' } },

  // Tests, benchmarks and the fuzz run: the plain rules, and no promise left floating.
  {
    files: TESTS,
    languageOptions: { parserOptions: { project: './tsconfig.tests.json', tsconfigRootDir: root } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      'no-restricted-imports': ['error', { patterns: [otherWorkspacesAreImportedByName()] }],
    },
  },

  {
    // Who talks to a terminal.
    files: [
      'host/src/cli/**',
      '{host,packages/*}/src/bin/**',
      '{bench,fuzz}/**',
      'examples/**',
      '**/test/**/children/**',
      '**/test/**/*{-child,.child}.{js,ts}',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    // Who is loaded by a tool or by the host, which expect a default export.
    files: ['plugins/*/src/index.ts', '**/*.config.{js,ts}', 'test/*-reporter.js'],
    rules: { 'no-restricted-exports': 'off' },
  },
);

/** The arrows and rooms of architecture.js. A room's rules replace its workspace's, so they repeat them. */
function arrowConfigs() {
  return workspaces().flatMap(({ folder, manifest }) => {
    const arrow = ARROWS.find((each) => path.matchesGlob(folder, each.folder));
    if (arrow === undefined) return []; // test/architecture.test.ts asks for one
    const fence = arrowFence(arrow, manifest);
    const rooms = ROOMS.filter((room) => room.folder === folder);
    return [
      { files: [`${folder}/src/**`], rules: refuse([fence]) },
      ...rooms.map((room) => ({
        files: room.files.map((glob) => `${folder}/${glob}`),
        ignores: (room.except ?? []).map((glob) => `${folder}/${glob}`),
        rules: refuse([fence, roomFence(room)]),
      })),
    ];
  });
}

/** Static imports and re-exports are refused by one rule, `import('…')` by the other. */
function refuse(fences) {
  return {
    'no-restricted-imports': [
      'error',
      {
        paths: [{ name: 'node:process', importNames: ['env'], message: environmentIsReadOnce().message }],
        patterns: fences.map(({ regex, message }) => ({ regex, caseSensitive: true, message })),
      },
    ],
    'no-restricted-syntax': [
      'error',
      ...fences.map(({ regex, message }) => ({
        selector: `ImportExpression[source.value=/${regex.replaceAll('/', '\\u002F')}/u]`,
        message,
      })),
    ],
  };
}

function workspaces() {
  return globSync(['packages/*', 'plugins/*', 'host'], { cwd: root })
    .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
    .map((folder) => ({
      folder,
      manifest: JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')),
    }));
}

function environmentIsReadOnce() {
  return {
    object: 'process',
    property: 'env',
    message: `Only ${ENVIRONMENT_FILE} reads the environment; take the value from the configuration.`,
  };
}

function otherWorkspacesAreImportedByName() {
  const folders = workspaces().map(({ folder }) => path.basename(folder));
  return {
    regex: `^\\.\\./(?:.*/)?(?:packages/|plugins/|dist/|(?:${folders.join('|')})/src/)`,
    message: 'A test imports another workspace by its name: by path it would load a second copy.',
  };
}

function everyWayToExportDefault() {
  return { direct: true, named: true, defaultFrom: true, namedFrom: true, namespaceFrom: true };
}
