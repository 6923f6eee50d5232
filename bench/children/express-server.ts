import { randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { openDatabase, type Database } from 'glue-core';
import { asChild } from '../support/as-child.ts';
import type { DatabasePlace } from '../support/database-places.ts';
import { SIGNATURE_HEADER, signatureOf } from '../support/signed-events.ts';

/** What a team would write without Glue: a route that checks the signature and, with a place, inserts one row. */
export interface ExpressInput {
  readonly place?: DatabasePlace;
  /** Node's own listener instead of Express, to tell what Express costs. */
  readonly isBare?: boolean;
}

await asChild<ExpressInput>(async ({ place, isBare = false }) => {
  const database = place && (await makeTable(openDatabase(place.config)));
  const app = express();
  app.post('/in', express.raw({ type: '*/*', limit: '1mb' }), async (request, response) => {
    const body = request.body as Buffer;
    if (!isSame(String(request.headers[SIGNATURE_HEADER]), signatureOf(body))) {
      response.status(401).json({ error: 'signature' });
      return;
    }
    const id = randomUUID();
    if (database) {
      const headers = JSON.stringify(request.headers);
      await database('events').insert({ id, received_at: Date.now(), headers, body });
    }
    response.status(202).json({ status: 'accepted', event_id: id });
  });
  const server = (isBare ? createServer(bareRoute) : createServer(app)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    answer: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in` },
    end: async () => database?.destroy(),
  };
});

function bareRoute(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const isOurs = isSame(String(request.headers[SIGNATURE_HEADER]), signatureOf(Buffer.concat(chunks)));
    const answer = JSON.stringify({ status: isOurs ? 'accepted' : 'refused', event_id: randomUUID() });
    response.writeHead(isOurs ? 202 : 401, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(answer),
    });
    response.end(answer);
  });
}

async function makeTable(database: Database): Promise<Database> {
  await database.schema.createTable('events', (table) => {
    table.specificType('id', 'char(36)').primary();
    table.bigInteger('received_at').notNullable();
    table.text('headers').notNullable();
    table.specificType('body', 'longblob').notNullable();
  });
  return database;
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
