import type { AddressInfo } from 'node:net';
import express from 'express';
import { z } from 'zod';
import { OrderRefused, placeOrder } from './place-order.ts';
import { mountWebhooks, openShop } from './webhooks.ts';

const { PORT = '3000' } = process.env;
const orderSchema = z.strictObject({
  order: z.string().min(1),
  item: z.string().min(1),
  quantity: z.number().int().min(1),
});

const database = openShop();
if (!(await database.schema.hasTable('orders'))) {
  await database.schema.createTable('orders', (table) => {
    table.string('order').primary();
    table.string('item').notNullable();
    table.integer('quantity').notNullable();
  });
  await database.schema.createTable('stock', (table) => {
    table.string('item').primary();
    table.integer('left').notNullable();
  });
  await database('stock').insert({ item: 'lamp', left: 10 });
}

const webhooks = await mountWebhooks(database, { sends: false });
await webhooks.start();

const app = express();
app.use(express.json());
app.post('/orders', async (request, response) => {
  const parsed = orderSchema.safeParse(request.body);
  if (!parsed.success) return void response.status(400).json({ error: 'this is no order' });
  try {
    await placeOrder(database, webhooks, parsed.data);
    response.status(201).json(parsed.data);
  } catch (error) {
    if (!(error instanceof OrderRefused)) throw error;
    response.status(409).json({ error: error.message });
  }
});
app.get('/orders', async (_request, response) => {
  response.json(await database('orders').orderBy('order'));
});

const server = app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error; // the port is taken, say
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);

async function stop(): Promise<void> {
  server.close();
  await webhooks.stop();
  await database.destroy();
}
