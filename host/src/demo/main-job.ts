import type { DeliveryAttempt } from 'glue-outbound';
import { post, signedSample, type SignedSample } from '../send-sample.js';
import type { Scene } from './demo-scene.js';
import { eventually } from './eventually.js';
import type { StandIn } from './stand-in-stripe.js';
import type { Story } from './story.js';

/** How long each part may take, in milliseconds. */
const PATIENCE_MS = 8_000;
const EVENT = 'payment_intent.succeeded';

/** An event that was taken. */
export interface TakenEvent {
  readonly id: string;
  readonly sample: SignedSample;
}

/** A signed event comes in, is processed, and what the connector writes back goes out, with retries. */
export async function playMainJob(
  scene: Scene,
  standIn: StandIn,
  story: Story,
): Promise<TakenEvent | undefined> {
  const taken = await takeEvent(scene, story);
  if (!taken) return undefined;
  await watchProcessing(scene, taken.id, story);
  await watchDelivery(scene, standIn, story);
  return taken;
}

async function takeEvent({ host, backend }: Scene, story: Story): Promise<TakenEvent | undefined> {
  const sample = await signedSample(host.installation, backend, { event: EVENT });
  const { status, body } = await post(host.url, sample);
  story.tell(`POST ${sample.path}  ${EVENT}, signed as Stripe signs`);
  story.tell(`  → ${status} ${body}`);
  const id = eventIdOf(body);
  story.expect(status === 202 && id !== undefined, 'a signed event is answered 202 with its id');
  return id === undefined ? undefined : { id, sample };
}

async function watchProcessing({ inbound }: Scene, id: string, story: Story): Promise<void> {
  const event = await eventually(async () => {
    const found = await inbound.events.get(id);
    return found.state === 'done' ? found : undefined;
  }, PATIENCE_MS);
  story.expect(event !== undefined, 'the event is processed');
  if (event) story.tell(`event done after ${event.attempts} attempt: ${event.note ?? ''}`);
}

async function watchDelivery({ outbound }: Scene, standIn: StandIn, story: Story): Promise<void> {
  const [delivery] = (await outbound.deliveries.list()).deliveries;
  story.expect(delivery !== undefined, 'the event queued a delivery, in the transaction that made it done');
  if (!delivery) return;
  story.tell(`delivery ${delivery.id} queued, committed together with the event`);

  const told = new Set<number>();
  const finished = await eventually(async () => {
    const attempts = await outbound.deliveries.attempts(delivery.id);
    for (const attempt of attempts.filter(({ number }) => !told.has(number))) {
      told.add(attempt.number);
      story.tell(`  attempt ${attempt.number}: ${attemptText(attempt)}`);
    }
    const { state } = await outbound.deliveries.get(delivery.id);
    return state === 'done' && attempts.length === told.size ? attempts : undefined;
  }, PATIENCE_MS);
  const statuses = finished?.map(({ status }) => status).join(', ');
  story.expect(statuses === '503, 429, 200', 'the delivery is tried three times: 503, 429, 200');
  const keys = new Set(standIn.requests.map(({ idempotencyKey }) => idempotencyKey));
  const [last] = standIn.requests.slice(-1);
  story.expect(
    standIn.requests.length === 3 && keys.size === 1,
    'each attempt carries the same Idempotency-Key',
  );
  if (last) story.tell(`the API got: ${last.method} ${last.path}  ${decodeURIComponent(last.body)}`);
}

function attemptText({ status, cause, outcome, note, durationMs }: DeliveryAttempt): string {
  const what = [status, cause, note].filter((part) => part !== undefined).join(', ');
  return `${what || outcome} (${durationMs} ms)`;
}

export function eventIdOf(body: string): string | undefined {
  return /"event_id":"([^"]+)"/.exec(body)?.[1];
}
