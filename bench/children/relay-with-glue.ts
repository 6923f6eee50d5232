import { fileURLToPath } from 'node:url';
import { createHost, parseConfig } from 'glue-host';
import { inboundConfigSchema } from 'glue-inbound';
import { outboundConfigSchema } from 'glue-outbound';
import { asChild } from '../support/as-child.ts';
import { startProfile } from '../support/cpu-profile.ts';
import type { DatabasePlace } from '../support/database-places.ts';
import { SECRET } from '../support/signed-events.ts';

/** A real host that takes signed events and makes one signed delivery of each. */
export interface RelayInput {
  readonly sinkUrl: string;
}

export interface RelayAnswer {
  /** Where events are posted. */
  readonly url: string;
}

const SIGNING_SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

await asChild<RelayInput & { readonly place: DatabasePlace }>(async ({ place, sinkUrl }) => {
  const settings = { secret: SECRET, signingSecret: SIGNING_SECRET, sink: sinkUrl };
  const content = {
    host: { name: 'bench', port: 0 },
    dataFolder: place.folder,
    database: place.config,
    sides: ['inbound', 'outbound'],
    outbound: { allow: { hosts: ['127.0.0.1'] } },
    connectors: {
      enabled: ['relay'],
      folders: [],
      packages: [fileURLToPath(new URL('../relay', import.meta.url))],
    },
    backends: [{ type: 'relay', name: 'Relay', settings, provision: true }],
    log: { level: 'warn', pretty: false },
  };
  const host = createHost(
    parseConfig(content, {
      baseFolder: place.folder,
      environment: {},
      inbound: inboundConfigSchema,
      outbound: outboundConfigSchema,
    }),
  );
  await host.start();
  let stopProfile: Awaited<ReturnType<typeof startProfile>> | undefined;
  const answers: Readonly<Record<string, () => unknown>> = {
    'start profile': async () => {
      stopProfile = await startProfile();
    },
    'stop profile': () => stopProfile?.(),
  };
  return {
    answer: { url: `${host.url}/webhooks/in/relay-1-inbound` } satisfies RelayAnswer,
    ask: (question) => answers[question]?.(),
    end: async () => void (await host.stop()),
  };
});
