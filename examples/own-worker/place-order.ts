import type { Database } from 'glue-core';
import type { MountedOutbound } from 'glue-outbound';

export interface Order {
  readonly order: string;
  readonly item: string;
  readonly quantity: number;
}

export class SoldOut extends Error {}

/** Stores an order, tells the warehouse of it, and takes it from stock: all of it, or nothing. @throws SoldOut */
export async function placeOrder(
  database: Database,
  webhooks: MountedOutbound,
  { order, item, quantity }: Order,
): Promise<void> {
  const warehouse = await webhooks.outboundEndpoint({ code: 'shop-warehouse' });
  await database.transaction(async (transaction) => {
    await transaction('orders').insert({ order, item, quantity });
    await warehouse.queueDelivery({
      payload: { type: 'order.placed', data: { order, item, quantity } },
      idempotencyKey: order,
      transaction,
    });
    const taken = await transaction('stock')
      .where({ item })
      .where('left', '>=', quantity)
      .decrement('left', quantity);
    if (taken === 0) throw new SoldOut(`there are not ${quantity} of ${item}`);
  });
}
