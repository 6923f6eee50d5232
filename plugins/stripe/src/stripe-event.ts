import { z } from 'zod';

/** The parts of a Stripe event that this connector looks at (https://docs.stripe.com/api/events/object). */
export const stripeEvent = z.object({
  id: z.string(),
  type: z.string(),
  data: z.object({ object: z.object({ id: z.string() }) }),
});
