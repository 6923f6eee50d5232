import type { Database } from 'glue-core';
import type { MountedOutbound } from 'glue-outbound';

export interface Order {
  readonly order: string;
  readonly item: string;
  readonly quantity: number;
}

/** What the customer can do something about. */
export class OrderRefused extends Error {}

/** Stores an order, tells the warehouse of it, and takes it from stock: all of it, or nothing. @throws OrderRefused */
export async function placeOrder(
  database: Database,
  webhooks: MountedOutbound,
  { order, item, quantity }: Order,
): Promise<void> {
  const warehouse = await webhooks.outboundEndpoint({ code: 'shop-warehouse' });
  await database.transaction(async (transaction) => {
    const known = await transaction('orders').where({ order }).first('order');
    if (known) throw new OrderRefused(`there is an order ${order} already`);
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
    if (taken === 0) throw new OrderRefused(`there are not ${quantity} of ${item}`);
  });
}
