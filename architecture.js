/**
 * The arrows: which workspace may import what, and which rooms inside a workspace are kept free of what.
 *
 * The one table behind two checks: `eslint.config.js` turns it into `no-restricted-imports` (seen while
 * typing), `test/architecture.test.ts` holds all sources against it (seen by CI, also behind `eslint-disable`).
 * Anything that is not named here is refused; only `node:*` and a workspace's own files are free to all.
 */

/** Where a person who meets a refusal reads on. */
const WHERE_TO_READ = 'see architecture.js and "Rooms and arrows" in CONTRIBUTING.md';

/** The only file that reads `process.env`. */
export const ENVIRONMENT_FILE = 'host/src/config/environment.ts';

/** Dependencies that are loaded by name at run time (by knex, by pino), so no import shows their use. */
export const LOADED_BY_NAME = ['better-sqlite3', 'mysql2', 'pino-pretty'];

/** Imports through which a file reaches the world outside its arguments. */
const INPUT_AND_OUTPUT = [
  'express',
  'knex',
  'undici',
  'node:child_process',
  'node:dgram',
  'node:dns',
  'node:fs',
  'node:http',
  'node:http2',
  'node:https',
  'node:net',
  'node:tls',
];

/** One line per workspace (or kind of workspace): the packages it may import. @type {import('./architecture.js').Arrow[]} */
export const ARROWS = [
  { folder: 'packages/agenda-knex', mayImport: ['agenda', 'knex'] },
  { folder: 'packages/glue-core', mayImport: ['knex', 'tsyringe', 'reflect-metadata', 'uuid', 'zod'] },
  { folder: 'packages/glue-inbound', mayImport: ['glue-core', 'knex', 'zod'] },
  {
    folder: 'packages/glue-outbound',
    mayImport: ['glue-core', 'knex', 'zod', 'undici', 'ipaddr.js', 'oauth4webapi'],
  },
  { folder: 'packages/create-glue-connector', mayImport: [] },
  {
    folder: 'plugins/*',
    mayImport: ['glue-core', 'glue-inbound', 'glue-outbound', 'zod'],
    ownDependencies: true,
    never: [
      'glue-host',
      'glue-connector-*',
      '@*/glue-connector-*',
      'knex',
      'express',
      'agenda',
      'agenda-knex',
    ],
  },
  {
    folder: 'host',
    mayImport: [],
    ownDependencies: true,
    never: ['glue-connector-*', '@*/glue-connector-*'],
  },
];

/** Narrower rules for some files of a workspace. A file is in one room at most. @type {import('./architecture.js').Room[]} */
export const ROOMS = [
  {
    name: 'dependency injection',
    folder: 'packages/glue-core',
    files: ['src/**'],
    except: ['src/di.ts'],
    mustNotImport: ['tsyringe', 'reflect-metadata'],
    because: 'two copies break the container, so src/di.ts imports them for everybody',
  },
  {
    name: 'verify and identify',
    folder: 'packages/glue-inbound',
    files: ['src/receive/{verify,identify}*.ts', 'src/receive/{verify,identify}*/**'],
    mustNotImport: INPUT_AND_OUTPUT,
    pure: true,
    because: 'what decides about a request is a pure function of its bytes',
  },
  {
    name: 'render and sign',
    folder: 'packages/glue-outbound',
    files: ['src/render/**', 'src/sign/**'],
    mustNotImport: INPUT_AND_OUTPUT,
    pure: true,
    because: 'rendering is pure and repeatable',
  },
];

/**
 * The rule that an arrow makes for one workspace.
 * @param {import('./architecture.js').Arrow} arrow
 * @param {import('./architecture.js').Manifest} manifest the workspace's package.json
 * @returns {import('./architecture.js').Fence}
 */
export function arrowFence(arrow, manifest) {
  const never = arrow.never ?? [];
  const own = arrow.ownDependencies
    ? Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
        (name) => !never.some((pattern) => new RegExp(`^${packageRegex(pattern)}$`, 'u').test(name)),
      )
    : [];
  const allowed = [...new Set([...arrow.mayImport, ...own])];
  const targets = [...arrow.mayImport, ...(own.length > 0 ? ['its own dependencies'] : []), 'node:*'].join(
    ', ',
  );
  return {
    regex: `^(?!node:|\\.{1,2}(?:/|$)${allowed.map((name) => `|${packageRegex(name)}(?:/|$)`).join('')})`,
    message:
      `arrow: ${manifest.name} → ${targets}` +
      `${never.length > 0 ? `; never ${never.join(', ')}` : ''} (${WHERE_TO_READ})`,
  };
}

/**
 * The rule that a room makes for its files.
 * @param {import('./architecture.js').Room} room
 * @returns {import('./architecture.js').Fence}
 */
export function roomFence(room) {
  return {
    regex: `^(?:${room.mustNotImport.map(packageRegex).join('|')})(?:/|$)`,
    message: `room: ${room.name} in ${room.folder}: ${room.because} (${WHERE_TO_READ})`,
  };
}

/** @param {string} name a package name in which `*` stands for any run of characters but `/` */
function packageRegex(name) {
  return name.replaceAll('.', '\\.').replaceAll('*', '[^/]*');
}
