import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BackendRegistry,
  BackendStore,
  BackendTypes,
  ChangeFeed,
  CLOCK,
  ConnectorBackend,
  DATABASE,
  HostLease,
  inject,
  injectable,
  migrate,
  Provisioner,
  SeedCatalog,
  silentLogger,
  systemClock,
  type BackendClass,
  connectorBuilder,
} from 'glue-core';
import { z } from 'zod';
import { AgendaClock } from '../src/clock/agenda-clock.js';
import { install, reachDatabase, type Installation, type OpenedDatabase } from '../src/installation.js';
import { temporaryFolder, testConfig } from './support/host-fixture.js';

describe('the composition root', () => {
  let folder: string;
  let remove: () => void;
  let opened: OpenedDatabase;
  beforeEach(() => void ({ folder, remove } = temporaryFolder()));
  afterEach(async () => {
    await opened.database.destroy();
    remove();
  });

  async function installed(changes?: Record<string, unknown>): Promise<Installation> {
    const config = testConfig(folder, changes);
    opened = await reachDatabase(config);
    await migrate(opened.database, opened.migrations);
    return install(config, opened, { logger: silentLogger });
  }

  it('builds everything, each thing once', async () => {
    const house = await installed();
    expect(house.types).toBeInstanceOf(BackendTypes);
    expect(house.catalog).toBeInstanceOf(SeedCatalog);
    expect(house.store).toBeInstanceOf(BackendStore);
    expect(house.registry).toBeInstanceOf(BackendRegistry);
    expect(house.provisioner).toBeInstanceOf(Provisioner);
    expect(house.changeFeed).toBeInstanceOf(ChangeFeed);
    expect(house.lease).toBeInstanceOf(HostLease);
    expect(house.retryClock).toBeInstanceOf(AgendaClock);
    expect(house.inbound?.name).toBe('inbound');
    expect(house.outbound?.name).toBe('outbound');
    expect(house.types.has('good')).toBe(true);
  });

  it('leaves out a side that is switched off', async () => {
    const house = await installed({ sides: ['inbound'] });
    expect([house.inbound?.name, house.outbound, house.sides]).toEqual(['inbound', undefined, ['inbound']]);
  });

  it('builds a backend of a connector for each record, with what its constructor asks for', async () => {
    const house = await installed();
    const settings = { secret: 'one of its own' };
    const one = await house.store.create({ type: 'good', name: 'One', settings }, 'test');
    const two = await house.store.create({ type: 'good', name: 'Two', settings }, 'test');
    await house.registry.refresh();
    const found = [one, two].map((reference) => house.registry.find(reference));
    expect(found).toMatchObject([
      { state: 'ready', instance: { clock: systemClock, name: 'One' } },
      { state: 'ready', instance: { clock: systemClock, name: 'Two' } },
    ]);
  });
});

describe('the container of connectors', () => {
  class CuriousBackend extends ConnectorBackend {
    static readonly type = 'curious';
    static readonly settings = z.strictObject({});
    constructor(readonly asked: unknown) {
      super();
    }
  }

  function asking(token: symbol): BackendClass {
    class Asking extends CuriousBackend {}
    inject(token)(Asking, undefined, 0);
    injectable()(Asking);
    return Asking;
  }

  const build = connectorBuilder({ clock: systemClock, logger: silentLogger });

  it('offers the clock', () => {
    expect(build(asking(CLOCK as symbol))).toMatchObject({ asked: systemClock });
  });

  it('does not offer what is private to the host', () => {
    expect(() => build(asking(DATABASE as symbol))).toThrow(/glue:database/);
  });
});
