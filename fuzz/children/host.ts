import { fileURLToPath } from 'node:url';
import { createHost, parseConfig } from 'glue-host';
import { inboundConfigSchema } from 'glue-inbound';
import { asChild } from '../../bench/support/as-child.ts';
import type { DatabasePlace } from '../../bench/support/database-places.ts';
import { HOST_URL, settingOf, TOKEN } from '../schemes.ts';
import { configOf, subjects } from '../subjects.ts';

export interface FuzzedHost {
  readonly port: number;
  readonly endpoints: readonly { readonly id: number; readonly path: string; readonly subject: string }[];
}

/** A real host on a free port with every fuzzed endpoint. */
await asChild<{ place: DatabasePlace }>(async ({ place }) => {
  const content = {
    host: { name: 'fuzz', port: 0, publicUrl: HOST_URL },
    dataFolder: place.folder,
    database: place.config,
    sides: ['inbound'],
    connectors: {
      enabled: ['fuzz'],
      folders: [],
      packages: [fileURLToPath(new URL('../connector', import.meta.url))],
    },
    backends: subjects.map(({ name }) => ({
      type: 'fuzz',
      name,
      settings: { secret: settingOf(name), token: TOKEN },
      provision: true,
    })),
    inbound: { trustedProxies: 1 },
    log: { level: 'error', pretty: false },
    stop: { deadlineSeconds: 10 },
  };
  const host = createHost(
    parseConfig(content, { baseFolder: place.folder, environment: {}, inbound: inboundConfigSchema }),
  );
  await host.start();
  const { inbound, changeFeed, store } = host.installation;
  if (!inbound) throw new Error('the inbound side is absent');
  const backends = await store.list();
  for (const subject of subjects) {
    const backend = backends.find(({ name }) => name === subject.name);
    const code = `fuzz-${backend?.id}-inbound`;
    await inbound.endpoints.edit(code, { config: configOf(subject) }, 'fuzz');
    if (subject.state === 'archived') await inbound.endpoints.setState(code, 'archived', 'fuzz');
    if (subject.state === 'draft') await inbound.endpoints.setState(code, 'draft', 'fuzz');
  }
  await changeFeed.look();
  const endpoints = (await inbound.endpoints.list()).map(({ id, path, backend }) => ({
    id,
    path: path ?? '',
    subject: backends.find((each) => each.id === backend?.id)?.name ?? '',
  }));
  return {
    answer: { port: Number(new URL(host.url).port), endpoints } satisfies FuzzedHost,
    ask: (question) => {
      if (question !== 'memory') return undefined;
      globalThis.gc?.();
      return process.memoryUsage().rss;
    },
    end: async () => void (await host.stop()),
  };
});
