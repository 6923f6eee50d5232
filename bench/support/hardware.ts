import { cpus, release, totalmem } from 'node:os';
import { openDatabase, rowsOf } from 'glue-core';
import { serverVersion } from './database-places.ts';

/** On what the figures were made, in one line. */
export async function hardwareLine(): Promise<string> {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const server = (await serverVersion()) ?? 'no MariaDB (GLUE_TEST_MYSQL_URL is not set)';
  return [
    `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}`,
    memory,
    `Linux ${release()}`,
    `Node ${process.version}`,
    `SQLite ${await sqliteVersion()}`,
    server,
  ].join(', ');
}

async function sqliteVersion(): Promise<string> {
  const database = openDatabase({ client: 'sqlite', file: ':memory:', durability: 'fast' });
  try {
    const rows = rowsOf<{ version: string }>(await database.raw('SELECT sqlite_version() AS version'));
    return rows[0]?.version ?? '';
  } finally {
    await database.destroy();
  }
}
