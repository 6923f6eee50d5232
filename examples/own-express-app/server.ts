import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { defineConnector, openDatabase } from 'glue-core';
import { mountInbound } from 'glue-inbound';
import { OrderHandler } from './order-handler.ts';

const { PORT = '3000', DATABASE_FILE = 'app.db', GLUE_SECRET_KEY = '', SHOP_SECRET = '' } = process.env;

// A knex connection of your own would do too; this one is set up well.
const database = openDatabase({ client: 'sqlite', file: DATABASE_FILE, durability: 'durable' });
if (!(await database.schema.hasTable('orders')))
  await database.schema.createTable('orders', (table) => {
    table.string('order').primary();
    table.integer('cents').notNullable();
  });

const webhooks = await mountInbound({
  database,
  secretKey: GLUE_SECRET_KEY,
  connectors: [
    {
      id: 'shop',
      connector: defineConnector({ handlers: [OrderHandler] }),
      seeds: join(import.meta.dirname, 'data'),
      secrets: { orders: SHOP_SECRET },
    },
  ],
});
await webhooks.start();

const app = express();
app.use(webhooks.listener); // before any body parser: what is signed are the bytes as received
app.use(express.json());
app.get('/orders', async (_request, response) => {
  response.json(await database('orders').orderBy('order'));
});

const server = app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error; // the port is taken, say
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);

async function stop(): Promise<void> {
  await webhooks.stop();
  server.close();
  await database.destroy();
}
