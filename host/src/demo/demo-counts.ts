import type { Scene } from './demo-scene.js';

/** What the demo left in the database. */
export interface DemoCounts {
  readonly received: number;
  readonly processed: number;
  readonly delivered: number;
  readonly attempts: number;
  readonly duplicates: number;
  readonly rejected: number;
}

/** Counts by asking the database, not by remembering what was done. */
export async function countAll({ inbound, outbound }: Scene): Promise<DemoCounts> {
  const events = await inbound.events.list();
  const { deliveries } = await outbound.deliveries.list();
  const attempts = await Promise.all(deliveries.map(({ id }) => outbound.deliveries.attempts(id)));
  return {
    received: events.length,
    processed: events.filter(({ state }) => state === 'done').length,
    delivered: deliveries.filter(({ state }) => state === 'done').length,
    attempts: attempts.flat().length,
    duplicates: events.reduce((sum, event) => sum + event.duplicates, 0),
    rejected: (await inbound.rejections.list()).length,
  };
}
