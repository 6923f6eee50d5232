import { fileURLToPath } from 'node:url';
import { createHost, parseConfig } from 'glue-host';
import { inboundConfigSchema } from 'glue-inbound';
import { asChild } from '../support/as-child.ts';
import { startProfile } from '../support/cpu-profile.ts';
import type { DatabasePlace } from '../support/database-places.ts';
import { SECRET } from '../support/signed-events.ts';

/** A real host on a free port. */
export interface GlueHostInput {
  readonly place: DatabasePlace;
  /** Accepts, but processes nothing. */
  readonly hold?: boolean;
  /** Events that the endpoint has processed at once. */
  readonly concurrency?: number;
}

export interface GlueHostAnswer {
  /** Where events are posted. */
  readonly url: string;
}

await asChild<GlueHostInput>(async ({ place, hold = false, concurrency = 256 }) => {
  const content = {
    host: { name: 'bench', port: 0 },
    dataFolder: place.folder,
    database: place.config,
    sides: ['inbound'],
    connectors: {
      enabled: ['bench'],
      folders: [],
      packages: [fileURLToPath(new URL('../connector', import.meta.url))],
    },
    backends: [{ type: 'bench', name: 'Bench', settings: { secret: SECRET, hold }, provision: true }],
    log: { level: 'warn', pretty: false },
    stop: { deadlineSeconds: hold ? 0 : 10 },
  };
  const host = createHost(
    parseConfig(content, { baseFolder: place.folder, environment: {}, inbound: inboundConfigSchema }),
  );
  await host.start();
  const { inbound, changeFeed } = host.installation;
  // One event that never ends holds all that come after it.
  await inbound?.endpoints.edit(
    'bench-1-inbound',
    { config: hold ? { concurrency: 1, deadlineMs: 900_000 } : { concurrency } },
    'bench',
  );
  await changeFeed.look();
  let stopProfile: Awaited<ReturnType<typeof startProfile>> | undefined;
  const answers: Readonly<Record<string, () => unknown>> = {
    counts: () => inbound?.events.countByState(),
    memory: () => {
      globalThis.gc?.();
      return process.memoryUsage();
    },
    'start profile': async () => {
      stopProfile = await startProfile();
    },
    'stop profile': () => stopProfile?.(),
  };
  return {
    answer: { url: `${host.url}/webhooks/in/bench-1-inbound` } satisfies GlueHostAnswer,
    ask: (question) => answers[question]?.(),
    end: async () => void (await host.stop()),
  };
});
