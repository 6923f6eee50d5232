import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openFixture, type Fixture } from './support/outbound-fixture.js';
import { onEachDatabase } from './support/test-database.js';

/** What began within the second is through after a few looks; so many mean that nothing changes. */
const MANY = 200;

onEachDatabase('of two hosts on one database', (open) => {
  let one: Fixture;
  let other: Fixture;

  beforeEach(async () => {
    const place = await open();
    one = await openFixture(place);
    const shared = { database: place.database, close: () => Promise.resolve() };
    other = await openFixture(shared, { backend: one.backend, hostName: 'other' });
    await other.changeFeed.start();
  });

  afterEach(async () => {
    await other.changeFeed.stop();
    await other.close();
    await one.close();
  });

  it('the other finds a new endpoint of a backend within a second, and by its new suffix when it is edited', async () => {
    const { endpoints } = one.outbound;
    const found = async (codeSuffix: string) =>
      (await other.instance().outboundEndpoint({ codeSuffix, required: false }))?.code;

    const { code } = await endpoints.create({ backend: one.backend, suffix: 'orders' }, 'ann');
    expect(await found('orders')).toBeUndefined();
    await withinASecond(async () => (await found('orders')) === code);

    const edited = await endpoints.edit(code, { suffix: 'refunds' }, 'ann');
    expect(await found('refunds')).toBeUndefined();
    await withinASecond(async () => (await found('refunds')) === edited.code);
    expect(await found('orders')).toBeUndefined();
  });

  /** The change feed looks on its own; each look of ours at the database lets it go on. */
  async function withinASecond(isSo: () => Promise<boolean>): Promise<void> {
    other.clock.advance(1_000);
    for (let looked = 0; looked < MANY; looked += 1) {
      if (await isSo()) return;
      await other.database.raw('SELECT 1');
    }
    throw new Error('the other host has not seen it');
  }
});
