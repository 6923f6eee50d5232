import { mountWebhooks, openShop } from './webhooks.ts';

const database = openShop();
const webhooks = await mountWebhooks(database, { sends: true });
await webhooks.start();
console.log('the worker sends');

process.once('SIGTERM', async () => {
  await webhooks.stop();
  await database.destroy();
});
