import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseConfigSchema, openDatabase, rowsOf, type DatabaseConfig } from 'glue-core';

export type Store = 'sqlite' | 'mariadb';

/** An empty database of a measurement's own. */
export interface DatabasePlace {
  readonly store: Store;
  readonly config: DatabaseConfig;
  /** For what else lies beside a database, such as a secret key. */
  readonly folder: string;
}

const serverUrl = process.env['GLUE_TEST_MYSQL_URL'];

/** SQLite always; MariaDB (or MySQL) where GLUE_TEST_MYSQL_URL names a server. */
export const stores: readonly Store[] = serverUrl === undefined ? ['sqlite'] : ['sqlite', 'mariadb'];

const removals = new Map<string, () => Promise<void>>();

/** Makes a place, gives it to the measurement, and removes it whatever comes of that. */
export async function atPlace<T>(store: Store, measure: (place: DatabasePlace) => Promise<T>): Promise<T> {
  const place = await makePlace(store);
  try {
    return await measure(place);
  } finally {
    await removePlace(place.folder);
  }
}

/** Removes what is left; for a run that is cut off. */
export async function removePlaces(): Promise<void> {
  await Promise.all([...removals.keys()].map(removePlace));
}

/** What the server calls itself, e.g. `11.8.6-MariaDB`; undefined without one. */
export async function serverVersion(): Promise<string | undefined> {
  if (serverUrl === undefined) return undefined;
  const rows = rowsOf<{ version: string }>(await asAdmin('SELECT VERSION() AS version'));
  return rows[0]?.version;
}

async function makePlace(store: Store): Promise<DatabasePlace> {
  const folder = mkdtempSync(join(tmpdir(), 'glue-bench-'));
  removals.set(folder, async () => rmSync(folder, { recursive: true, force: true }));
  if (store === 'sqlite')
    return { store, folder, config: configOf({ client: 'sqlite', file: join(folder, 'glue.db') }) };
  const name = `glue_bench_${process.pid}_${removals.size}_${Date.now()}`;
  await asAdmin(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  removals.set(folder, async () => {
    rmSync(folder, { recursive: true, force: true });
    await asAdmin(`DROP DATABASE ${name}`);
  });
  return { store, folder, config: configOf({ client: 'mysql', url: urlOf(name) }) };
}

async function removePlace(folder: string): Promise<void> {
  const remove = removals.get(folder);
  removals.delete(folder);
  await remove?.();
}

async function asAdmin(sql: string): Promise<unknown> {
  const admin = openDatabase(configOf({ client: 'mysql', url: urlOf('mysql') }));
  try {
    return (await admin.raw(sql)) as unknown;
  } finally {
    await admin.destroy();
  }
}

function urlOf(database: string): string {
  return new URL(`/${database}`, serverUrl).href;
}

/** As a host's would be: durable, every other key by default. */
function configOf(input: object): DatabaseConfig {
  return databaseConfigSchema.parse(input);
}
