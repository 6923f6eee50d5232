import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import mysql from 'mysql2';
import { asGlueError } from '../src/database/database-errors.js';
import { maxPacketBytes, refuseLargePackets, type LimitedConnection } from '../src/database/packet-limit.js';
import { describeEachDatabase } from './support/databases.js';
import { refusal } from './support/refusal.js';

type Via = 'query' | 'execute';

/** What a statement meets on a connection whose server takes packets below the limit. */
async function meets(via: Via, sql: string, values: unknown[], maxBytes: number): Promise<unknown> {
  let met: unknown = 'nothing';
  const connection: LimitedConnection = {
    query: (_statement, _values, done) => done(null),
    execute: (_statement, _values, done) => done(null),
    format: (text, given) => mysql.format(text, given as string[]),
  };
  refuseLargePackets(connection, () => maxBytes);
  connection[via]({ sql }, values, (error) => (met = error ?? 'the server'));
  await turn();
  return met;
}

describe('a packet', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constant("it's \\ \0 \n"),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.integer(),
    fc.constant(null),
  );

  it('of text is refused from the limit on, to the byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 9 }), async (values) => {
        const sql = `INSERT INTO x VALUES (${values.map(() => '?').join(',')})`;
        const bytes = 1 + Buffer.byteLength(mysql.format(sql, values));
        expect(await meets('query', sql, values, bytes + 1)).toBe('the server');
        expect(await meets('query', sql, values, bytes)).toMatchObject({ errno: 1153, bytes });
      }),
    );
  });

  it.each([
    ['bytes', Buffer.alloc(10_000)],
    ['text', 'ä'.repeat(5_000)],
  ])('of a prepared statement holds %s as they are', async (_name, body) => {
    expect(await meets('execute', 'INSERT INTO x VALUES (?, ?)', ['id', body], 10_100)).toBe('the server');
    expect(await meets('execute', 'INSERT INTO x VALUES (?, ?)', ['id', body], 10_000)).toMatchObject({
      errno: 1153,
    });
  });

  it('that is too large has a code that says what to do, and is not taken for a database that is away', async () => {
    const error = await meets('query', 'SELECT ?', ['secret'.repeat(10)], 50);
    expect(asGlueError(error)).toEqual(
      refusal('GLUE_DATABASE_PACKET_TOO_LARGE', /: \d+ bytes, and max_allowed_packet is 50$/),
    );
    expect(String(asGlueError(error))).not.toContain('secret');
    expect(asGlueError({ errno: 1153 })).toEqual(refusal('GLUE_DATABASE_PACKET_TOO_LARGE'));
  });
});

describeEachDatabase('the size of a packet', (open, place) => {
  it('is the server’s, and none on SQLite', async () => {
    const database = await open();
    const bytes = await maxPacketBytes(database);
    if ((await place()).client === 'sqlite') expect(bytes).toBeUndefined();
    else expect(bytes).toBeGreaterThanOrEqual(1024 * 1024);
    await database.destroy();
  });
});
