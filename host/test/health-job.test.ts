import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHost, type Host } from '../src/host.js';
import { healthJob } from '../src/health/health-job.js';
import { temporaryFolder, testConfig } from './support/host-fixture.js';

describe('the health job', () => {
  it('lets the outbound side judge its endpoints, until the host stops', async () => {
    const signals: AbortSignal[] = [];
    const job = healthJob({ checkHealth: (signal) => Promise.resolve(void signals.push(signal)) });
    const { signal } = new AbortController();
    await job.run(signal);
    expect(signals).toEqual([signal]);
  });

  describe('of a host', () => {
    let folder: string;
    let remove: () => void;
    let host: Host;
    beforeEach(() => void ({ folder, remove } = temporaryFolder()));
    afterEach(async () => {
      await host.stop();
      remove();
    });

    const jobs = () => host.installation.database('glue_agenda_jobs').where({ name: 'glue-health' });

    it.each([
      [['inbound', 'outbound'], 1],
      [['inbound'], 0],
    ])('that has the sides %j is there %i times', async (sides, times) => {
      host = createHost(testConfig(folder, { sides, connectors: { enabled: [] } }));
      await host.start();
      expect(await jobs()).toHaveLength(times);
    });
  });
});
