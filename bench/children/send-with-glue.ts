import { openDatabase } from 'glue-core';
import { asChild, cpuMs } from '../support/as-child.ts';
import { startProfile, type ProfileSummary } from '../support/cpu-profile.ts';
import type { DatabasePlace } from '../support/database-places.ts';
import { outboundSide } from '../support/outbound-side.ts';
import { storeDeliveries } from '../support/stored-deliveries.ts';
import type { SendAnswer, SendInput } from './send-bare.ts';

/** Glue takes stored deliveries to done: claimed, rendered, signed, sent, and each attempt written down. */
export interface SendWithGlueInput extends SendInput {
  readonly place: DatabasePlace;
  readonly profiled?: boolean;
}

export interface SendWithGlueAnswer extends SendAnswer {
  readonly summary?: ProfileSummary;
}

await asChild<SendWithGlueInput>(async ({ place, url, deliveries, concurrency, profiled = false }) => {
  const database = openDatabase(place.config);
  const { outbound, lease, addEndpoint } = await outboundSide(database);
  const endpoint = await addEndpoint('sink', { baseUrl: url, concurrency });
  await storeDeliveries(database, endpoint, deliveries);
  const stopProfile = profiled ? await startProfile() : undefined;
  const [startedAt, cpuBefore] = [performance.now(), cpuMs()];
  await outbound.start();
  await outbound.queue.idle();
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMicros = (1_000 * (cpuMs() - cpuBefore)) / deliveries;
  const summary = await stopProfile?.();
  const [row] = await database('glue_delivery_attempts')
    .where({ outcome: 'done' })
    .count<{ amount: number }[]>({ amount: '*' });
  if (Number(row?.amount) !== deliveries)
    throw new Error(`${Number(row?.amount)} of ${deliveries} deliveries are done`);
  await outbound.stop(1_000);
  await lease.stop();
  await database.destroy();
  return {
    answer: {
      perSecond: deliveries / seconds,
      cpuMicros,
      ...(summary && { summary }),
    } satisfies SendWithGlueAnswer,
  };
});
