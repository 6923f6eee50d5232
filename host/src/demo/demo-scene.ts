import { randomBytes } from 'node:crypto';
import { GlueError, type BackendReference } from 'glue-core';
import type { Inbound } from 'glue-inbound';
import type { Outbound } from 'glue-outbound';
import type { Host } from '../host.js';
import type { Story } from './story.js';
import type { StandIn } from './stand-in-stripe.js';

/** What the demo plays with. */
export interface Scene {
  readonly host: Host;
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly backend: BackendReference;
}

const ACTOR = 'demo';
const OUTBOUND_CODE = 'stripe-1-payment-intents';

/** Creates the demo's backend and its endpoints in a running host. */
export async function setScene(host: Host, standIn: StandIn, story: Story): Promise<Scene> {
  const { store, inbound, outbound, changeFeed, provisioner } = host.installation;
  if (!inbound || !outbound) throw new GlueError('GLUE_SIDE_ABSENT', 'the demo needs both sides');
  const backend = await store.create(
    {
      type: 'stripe',
      name: 'Stripe',
      settings: {
        webhookSecret: `whsec_${randomBytes(24).toString('base64')}`,
        apiKey: `sk_test_${randomBytes(12).toString('hex')}`,
        apiBaseUrl: standIn.url,
      },
    },
    ACTOR,
  );
  await changeFeed.look();
  const before = await endpointCodes(inbound, outbound, backend);
  story.tell(`backend ${backend.type},${backend.id} created; it has ${before.length} endpoints`);
  story.expect(before.length === 0, 'creating a backend creates no endpoint');

  await provisioner.provision(backend, { actor: ACTOR });
  const after = await endpointCodes(inbound, outbound, backend);
  story.tell(`provisioned from the connector's seeds: ${after.join(', ')}`);
  story.expect(
    after.join() === `stripe-1-inbound,${OUTBOUND_CODE}`,
    'provisioning makes the endpoints, named after the backend',
  );

  const retryPolicy = { delays: ['1s', '1s', '2s'], jitter: 0 };
  await outbound.endpoints.edit(OUTBOUND_CODE, { config: { retryPolicy } }, ACTOR);
  const { changes } = await provisioner.provision(backend, { actor: ACTOR });
  story.tell(`${OUTBOUND_CODE} edited to retry after 1 s, 1 s, 2 s; resync keeps the edit`);
  story.expect(
    changes.every(({ action }) => action === 'unchanged'),
    'provisioning again changes nothing',
  );
  await changeFeed.look();
  return { host, inbound, outbound, backend };
}

async function endpointCodes(
  inbound: Inbound,
  outbound: Outbound,
  backend: BackendReference,
): Promise<string[]> {
  const [taking, sending] = await Promise.all([
    inbound.endpoints.listForBackend(backend),
    outbound.endpoints.listForBackend(backend),
  ]);
  return [...taking, ...sending].map(({ code }) => code);
}
