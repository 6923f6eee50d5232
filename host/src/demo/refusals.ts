import { post, signedSample, type SignedSample } from '../send-sample.js';
import type { Scene } from './demo-scene.js';
import { eventually } from './eventually.js';
import { eventIdOf, type TakenEvent } from './main-job.js';
import type { Story } from './story.js';

const PATIENCE_MS = 3_000;
const TEN_MINUTES_MS = 600_000;

/** The same event again is accepted and not done again. */
export async function playDuplicate(
  { host, inbound, outbound }: Scene,
  { id, sample }: TakenEvent,
  story: Story,
): Promise<void> {
  const { status, body } = await post(host.url, sample);
  const again = eventIdOf(body);
  const event = await inbound.events.get(id);
  const { deliveries } = await outbound.deliveries.list();
  story.tell(
    `the same event again → ${status}, ${again === id ? 'the same id' : 'another id'}; ${event.attempts} attempt, ${deliveries.length} delivery as before`,
  );
  story.expect(status === 202 && again === id, 'a duplicate is answered 202 with the id of the first');
  story.expect(event.attempts === 1 && deliveries.length === 1, 'a duplicate is not processed again');
}

/** What is not proven, too old, malformed or addressed to nobody is refused, and kept apart from events. */
export async function playRefusals(scene: Scene, story: Story): Promise<void> {
  const { host, inbound } = scene;
  for (const { what, expected, sample } of await wrongRequests(scene)) {
    const { status } = await post(host.url, sample);
    story.tell(`${what} → ${status}`);
    story.expect(status === expected, `${what} is answered ${expected}`);
  }
  const kept = await eventually(async () => {
    const rejections = await inbound.rejections.list();
    return rejections.length >= 4 ? rejections : undefined;
  }, PATIENCE_MS);
  const causes = (kept ?? [])
    .map(({ cause }) => cause)
    .sort()
    .join(', ');
  story.tell(`rejections kept: ${causes || 'none'}`);
  story.expect(
    causes === 'freshness, payload, signature, unknown_endpoint',
    'four rejections are kept, with their causes',
  );
}

async function wrongRequests({
  host,
  backend,
}: Scene): Promise<{ what: string; expected: number; sample: SignedSample }[]> {
  const sign = (options: Parameters<typeof signedSample>[2]) =>
    signedSample(host.installation, backend, options);
  const good = await sign({});
  return [
    {
      what: 'a body that was changed after it was signed',
      expected: 401,
      sample: { ...good, body: Buffer.from(good.body.toString('utf8').replace('4200', '1')) },
    },
    {
      what: 'a signature of ten minutes ago',
      expected: 401,
      sample: await sign({ signedAt: host.installation.clock.now() - TEN_MINUTES_MS }),
    },
    {
      what: 'a signed body that is no JSON',
      expected: 400,
      sample: await sign({ edit: () => Buffer.from('{"id": "evt_') }),
    },
    { what: 'an unknown path', expected: 404, sample: { ...good, path: '/webhooks/in/nobody' } },
  ];
}
