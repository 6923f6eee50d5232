import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { ENVIRONMENT_FILE } from '../architecture.js';
import type { Manifest } from '../architecture.js';
import {
  arrowComplaints,
  circleComplaints,
  dependencyComplaints,
  detourComplaints,
} from './import-arrows.js';
import type { Workspace } from './import-arrows.js';

const root = path.join(import.meta.dirname, '..');

interface PackageJson extends Manifest {
  readonly type?: string;
  readonly license?: string;
  readonly exports?: unknown;
}

const workspaces = globSync(['packages/*/package.json', 'plugins/*/package.json', 'host/package.json'], {
  cwd: root,
})
  .map((file) => path.dirname(file))
  .sort()
  .map((folder) => ({
    folder,
    manifest: JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as PackageJson,
    sources: globSync('src/**/*.ts', { cwd: path.join(root, folder) })
      .sort()
      .map((file) => ({ file, text: readFileSync(path.join(root, folder, file), 'utf8') })),
  }));

describe.each(workspaces)('$folder', (workspace) => {
  test('imports along the arrows only', () => {
    expect(arrowComplaints(workspace)).toEqual([]);
  });

  test('keeps its pure rooms pure, by way of other files too', () => {
    expect(detourComplaints(workspace)).toEqual([]);
  });

  test('has no files that import each other in a circle', () => {
    expect(circleComplaints(workspace)).toEqual([]);
  });

  test('lists as dependencies exactly what it imports', () => {
    expect(dependencyComplaints(workspace)).toEqual([]);
  });

  test('is an ES module under the MIT licence', () => {
    expect(workspace.manifest).toMatchObject({ type: 'module', license: 'MIT' });
  });

  test('opens named entries only', () => {
    const { exports } = workspace.manifest;
    expect(exports).toEqual(expect.any(Object));
    const [entries, targets] = [Object.keys(exports as object), JSON.stringify(exports)];
    expect(entries.filter((entry) => !/^\.(?:\/[a-z0-9./-]+)?$/.test(entry))).toEqual([]);
    expect(targets).not.toContain('/src/');
  });
});

/** One import that must be refused per arrow and room, and what is said about it. */
const READ_ON = '(see architecture.js and "Rooms and arrows" in CONTRIBUTING.md)';
const CONNECTORS =
  'arrow: glue-connector-stripe → glue-core, glue-inbound, glue-outbound, zod, its own dependencies, node:*; ' +
  `never glue-host, glue-connector-*, @*/glue-connector-*, knex, express, agenda, agenda-knex ${READ_ON}`;
const HOST = `arrow: glue-host → its own dependencies, node:*; never glue-connector-*, @*/glue-connector-* ${READ_ON}`;
const INBOUND = `arrow: glue-inbound → glue-core, knex, zod, node:* ${READ_ON}`;
const OUTBOUND = `arrow: glue-outbound → glue-core, knex, zod, undici, ipaddr.js, oauth4webapi, node:* ${READ_ON}`;
const CORE = `arrow: glue-core → knex, tsyringe, reflect-metadata, uuid, zod, node:* ${READ_ON}`;
const AGENDA_KNEX = `arrow: agenda-knex → agenda, knex, node:* ${READ_ON}`;
const VERIFY = `room: verify and identify in packages/glue-inbound: what decides about a request is a pure function of its bytes ${READ_ON}`;
const RENDER = `room: render and sign in packages/glue-outbound: rendering is pure and repeatable ${READ_ON}`;
const INJECTION = `room: dependency injection in packages/glue-core: two copies break the container, so src/di.ts imports them for everybody ${READ_ON}`;

const refusals: [file: string, statement: string, specifier: string, message: string][] = [
  ['packages/agenda-knex/src/store.ts', `import { done } from 'glue-core';`, 'glue-core', AGENDA_KNEX],
  ['packages/agenda-knex/src/store.ts', `import express from 'express';`, 'express', AGENDA_KNEX],
  ['packages/glue-core/src/index.ts', `import { route } from 'glue-inbound';`, 'glue-inbound', CORE],
  ['packages/glue-core/src/index.ts', `import { Agenda } from 'agenda';`, 'agenda', CORE],
  [
    'packages/glue-core/src/database/open.ts',
    `import Database from 'better-sqlite3';`,
    'better-sqlite3',
    CORE,
  ],
  ['packages/glue-core/src/database/open.ts', `import mysql from 'mysql2/promise';`, 'mysql2/promise', CORE],
  ['packages/glue-core/src/registry/list.ts', `import { inject } from 'tsyringe';`, 'tsyringe', INJECTION],
  ['packages/glue-core/src/registry/list.ts', `import 'reflect-metadata';`, 'reflect-metadata', INJECTION],
  ['packages/glue-inbound/src/index.ts', `import { send } from 'glue-outbound';`, 'glue-outbound', INBOUND],
  [
    'packages/glue-inbound/src/index.ts',
    `import type { Delivery } from 'glue-outbound';`,
    'glue-outbound',
    INBOUND,
  ],
  ['packages/glue-inbound/src/index.ts', `export * from 'glue-outbound';`, 'glue-outbound', INBOUND],
  ['packages/glue-inbound/src/index.ts', `await import('glue-outbound');`, 'glue-outbound', INBOUND],
  ['packages/glue-inbound/src/index.ts', `import { readFile } from 'fs/promises';`, 'fs/promises', INBOUND],
  ['packages/glue-inbound/src/receive/route.ts', `import express from 'express';`, 'express', INBOUND],
  ['packages/glue-inbound/src/receive/verify.ts', `import knex from 'knex';`, 'knex', VERIFY],
  ['packages/glue-inbound/src/receive/verify-hmac.ts', `import http from 'node:http';`, 'node:http', VERIFY],
  ['packages/glue-inbound/src/receive/identify.ts', `await import('node:net');`, 'node:net', VERIFY],
  ['packages/glue-outbound/src/index.ts', `import { route } from 'glue-inbound';`, 'glue-inbound', OUTBOUND],
  ['packages/glue-outbound/src/render/body.ts', `import { fetch } from 'undici';`, 'undici', RENDER],
  ['packages/glue-outbound/src/sign/hmac.ts', `import https from 'node:https';`, 'node:https', RENDER],
  ['plugins/stripe/src/index.ts', `import { start } from 'glue-host';`, 'glue-host', CONNECTORS],
  [
    'plugins/stripe/src/index.ts',
    `import github from 'glue-connector-github';`,
    'glue-connector-github',
    CONNECTORS,
  ],
  ['plugins/stripe/src/index.ts', `import type { Knex } from 'knex';`, 'knex', CONNECTORS],
  ['plugins/stripe/src/index.ts', `import express from 'express';`, 'express', CONNECTORS],
  ['plugins/stripe/src/index.ts', `import { Agenda } from 'agenda';`, 'agenda', CONNECTORS],
  ['plugins/stripe/src/index.ts', `import got from 'got';`, 'got', CONNECTORS],
  ['host/src/container.ts', `import stripe from 'glue-connector-stripe';`, 'glue-connector-stripe', HOST],
  ['host/src/container.ts', `import other from '@acme/glue-connector-x';`, '@acme/glue-connector-x', HOST],
  ['host/src/container.ts', `import { container } from 'tsyringe';`, 'tsyringe', HOST],
];

function withOneSource(name: string, text: string, dependencies: Record<string, string> = {}): Workspace {
  const workspace = workspaces.find(({ folder }) => name.startsWith(`${folder}/`));
  if (workspace === undefined) throw new Error(`no workspace holds ${name}`);
  const manifest = {
    ...workspace.manifest,
    dependencies: { ...workspace.manifest.dependencies, ...dependencies },
  };
  return {
    folder: workspace.folder,
    manifest,
    sources: [{ file: name.slice(workspace.folder.length + 1), text }],
  };
}

describe('the test refuses', () => {
  test.each(refusals)('in %s: %s', (file, statement, specifier, message) => {
    expect(arrowComplaints(withOneSource(file, `// one line\n${statement}\n`))).toEqual([
      `${file}:2 imports "${specifier}": ${message}`,
    ]);
  });

  test('a package that a connector must not use, even when its package.json lists it', () => {
    const workspace = withOneSource('plugins/stripe/src/index.ts', `import 'express';`, {
      express: '^5.0.0',
    });
    expect(arrowComplaints(workspace)).toEqual([
      `plugins/stripe/src/index.ts:1 imports "express": ${CONNECTORS}`,
    ]);
  });

  test('a relative import that leaves its workspace', () => {
    const file = 'packages/glue-inbound/src/receive/route.ts';
    const workspace = withOneSource(file, `import { slug } from '../../../glue-core/src/slug.js';`);
    expect(arrowComplaints(workspace)).toEqual([
      `${file}:1 imports "../../../glue-core/src/slug.js": a relative import stays in its workspace; name the package`,
    ]);
  });

  test('a workspace without a line in the table', () => {
    const workspace = { folder: 'packages/new', manifest: { name: 'new' }, sources: [] };
    expect(arrowComplaints(workspace)).toEqual([
      'packages/new: no line in ARROWS of architecture.js says what it may import',
    ]);
  });

  test('a pure room that loads the database through another file, but not one that uses its types', () => {
    const sources = [
      { file: 'src/receive/verify.ts', text: `import { secrets } from './secrets.js';` },
      { file: 'src/receive/identify.ts', text: `import type { Secret } from './secrets.js';` },
      { file: 'src/receive/secrets.ts', text: `import knex from 'knex';` },
    ];
    const workspace = { folder: 'packages/glue-inbound', manifest: { name: 'glue-inbound' }, sources };
    expect(arrowComplaints(workspace)).toEqual([]);
    expect(detourComplaints(workspace)).toEqual([
      `packages/glue-inbound/src/receive/verify.ts → src/receive/secrets.ts → knex: ${VERIFY}`,
    ]);
  });

  test('files that import each other in a circle', () => {
    const sources = [
      { file: 'src/index.ts', text: `export * from './egg.js';` },
      { file: 'src/egg.ts', text: `import { hatch } from './bird/hen.js';` },
      { file: 'src/bird/hen.ts', text: `import type { Egg } from '../egg.js';` },
    ];
    expect(circleComplaints({ folder: 'packages/farm', manifest: { name: 'farm' }, sources })).toEqual([
      'packages/farm: src/egg.ts → src/bird/hen.ts → src/egg.ts: move what both need into a file of its own',
    ]);
  });

  test('a dependency that is missing and one that is not used', () => {
    const manifest = { name: 'farm', dependencies: { '@acme/barn': '1', 'better-sqlite3': '1', hay: '1' } };
    const sources = [
      { file: 'src/index.ts', text: `import '@acme/barn/door'; import 'node:fs'; import 'corn/seed';` },
    ];
    expect(dependencyComplaints({ folder: 'packages/farm', manifest, sources })).toEqual([
      'packages/farm/package.json: "corn" is imported but not in dependencies',
      'packages/farm/package.json: "hay" is in dependencies but nothing imports it',
    ]);
  });
});

describe('the linter refuses', () => {
  let linter: ESLint;

  // Which imports are allowed is told without types, so the files need not exist.
  beforeAll(() => {
    linter = new ESLint({ cwd: root, overrideConfig: [tseslint.configs.disableTypeChecked] as never });
  });

  async function complaintsOfLint(filePath: string, text: string): Promise<string[]> {
    const [result] = await linter.lintText(text, { filePath: path.join(root, filePath) });
    return (result?.messages ?? [])
      .filter(({ ruleId }) => ruleId === null || ruleId.startsWith('no-restricted-'))
      .map(({ ruleId, message }) => `${ruleId}: ${message}`);
  }

  test.each(refusals)('in %s: %s', async (file, statement, specifier, message) => {
    const complaints = await complaintsOfLint(file, `${statement}\n`);
    expect(complaints).toEqual([
      statement.includes('import(')
        ? `no-restricted-syntax: ${message}`
        : `no-restricted-imports: '${specifier}' import is restricted from being used by a pattern. ${message}`,
    ]);
  });

  test('to read the environment anywhere but in one file', async () => {
    const text = 'export const port = process.env.PORT;\n';
    expect(await complaintsOfLint('host/src/config/load.ts', text)).toEqual([
      `no-restricted-properties: 'process.env' is restricted from being used. ` +
        `Only ${ENVIRONMENT_FILE} reads the environment; take the value from the configuration.`,
    ]);
    expect(await complaintsOfLint(ENVIRONMENT_FILE, text)).toEqual([]);
  });

  test('a default export anywhere but in the index of a connector', async () => {
    expect(await complaintsOfLint('host/src/index.ts', 'export default 1;\n')).toHaveLength(1);
    expect(await complaintsOfLint('plugins/stripe/src/index.ts', 'export default 1;\n')).toEqual([]);
  });

  test('nothing that is on an arrow', async () => {
    const text = `import 'glue-core/testing';\nimport 'node:http';\nimport './receive/route.js';\n`;
    expect(await complaintsOfLint('packages/glue-inbound/src/index.ts', text)).toEqual([]);
  });
});
