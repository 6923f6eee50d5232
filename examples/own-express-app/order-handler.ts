import { deadLetter, done, type Outcome } from 'glue-core';
import type { InboundContext, InboundEvent, InboundHandler } from 'glue-inbound';
import { z } from 'zod';

const orderPaid = z.object({ data: z.object({ order: z.string(), cents: z.number().int() }) });

/** Marks orders as paid. The write commits together with `done`, or not at all. */
export class OrderHandler implements InboundHandler {
  static readonly handlerId = 'orders';

  async handleInboundEvent(event: InboundEvent, context: InboundContext): Promise<Outcome> {
    if (event.type !== 'order.paid') return done(`nothing to do for ${event.type}`);
    const parsed = orderPaid.safeParse(event.body);
    if (!parsed.success) return deadLetter('the event names no order');
    const { order, cents } = parsed.data.data;
    context.transaction(async (trx) => {
      await trx('orders').insert({ order, cents }).onConflict('order').merge();
    });
    return done(`${order} is paid`);
  }
}
