import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from 'glue-core';
import { asChild } from '../support/as-child.ts';
import type { DatabasePlace } from '../support/database-places.ts';
import { outboundSide } from '../support/outbound-side.ts';
import { storeDeliveries } from '../support/stored-deliveries.ts';

/** Deliveries of some endpoints at a steady pace, beside one whose receiver is dead while many wait for it. */
export interface BesideInput {
  readonly place: DatabasePlace;
  /** `silent` takes requests and answers none; `refusing` does not listen; absent: there is no dead one. */
  readonly dead?: 'silent' | 'refusing';
  /** Whether its circuit breaker never opens. */
  readonly isTriedOn?: boolean;
  readonly waiting: number;
  readonly seconds: number;
}

/** Of the others, from stored to received. */
export interface BesideAnswer {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests to the dead one that were tried meanwhile. */
  readonly triedAtDead: number;
}

const OTHERS = 5;
const PER_SECOND = 200;
/** Before this it is warming up, in milliseconds. */
const WARM_UP_MS = 1_500;

await asChild<BesideInput>(async ({ place, dead, isTriedOn = false, waiting, seconds }) => {
  const database = openDatabase(place.config);
  const { outbound, lease, addEndpoint } = await outboundSide(database);
  const queued: number[] = [];
  const times: number[] = [];
  const sink = await listen(
    createHttpServer(((request, response) => {
      request.resume().on('end', () => response.end('ok'));
      const sinceMs = performance.now() - (queued.shift() ?? 0);
      if (performance.now() - startedAt > WARM_UP_MS) times.push(sinceMs);
    }) satisfies RequestListener),
  );
  const silent = await listen(createServer((socket) => socket.resume().on('error', () => {})));
  const lanes = [];
  for (let n = 0; n < OTHERS; n += 1)
    lanes.push(await addEndpoint(`other-${n}`, { baseUrl: `http://127.0.0.1:${sink.port}` }));
  if (dead) {
    const port = dead === 'silent' ? silent.port : 9;
    const breaker = isTriedOn ? { breaker: { failures: 0 } } : {};
    const config = { baseUrl: `http://127.0.0.1:${port}`, ...breaker };
    await storeDeliveries(database, await addEndpoint('dead', config), waiting);
  }
  await outbound.start();
  const startedAt = performance.now();
  for (let n = 0; performance.now() - startedAt < WARM_UP_MS + seconds * 1_000; n += 1) {
    const lane = lanes[n % OTHERS] ?? 0;
    queued.push(performance.now());
    await storeDeliveries(database, lane, 1);
    outbound.queue.poke(lane);
    await sleep(Math.max(0, startedAt + (n * 1_000) / PER_SECOND - performance.now()));
  }
  const triedAtDead = await countTried(database, lanes);
  for (const { server } of [sink, silent]) server.close();
  await outbound.stop(0);
  await lease.stop();
  await database.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * times.length)] ?? NaN;
  return { answer: { p50Ms: at(0.5), p99Ms: at(0.99), triedAtDead } satisfies BesideAnswer };
});

async function countTried(
  database: ReturnType<typeof openDatabase>,
  others: readonly number[],
): Promise<number> {
  const [row] = await database('glue_deliveries')
    .whereNotIn('endpoint_id', others)
    .where('attempts', '>', 0)
    .count<{ amount: number }[]>({ amount: '*' });
  return Number(row?.amount);
}

async function listen(server: Server): Promise<{ readonly port: number; readonly server: Server }> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}
