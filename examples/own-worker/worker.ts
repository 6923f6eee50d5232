import { mountWebhooks, openShop } from './webhooks.ts';

const database = openShop();
const webhooks = await mountWebhooks(database, { sends: true });
await webhooks.start();
console.log('the worker sends');

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);

async function stop(): Promise<void> {
  await webhooks.stop();
  await database.destroy();
}
