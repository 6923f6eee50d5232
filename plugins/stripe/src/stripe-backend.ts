import { ConnectorBackend, deadLetter, done, injectable, type Outcome } from 'glue-core';
import { InboundBackend, type InboundContext, type InboundEvent } from 'glue-inbound';
import { OutboundBackend } from 'glue-outbound';
import { stripeEvent } from './stripe-event.js';
import { stripeSettings, type StripeSettings } from './settings.js';

/** One Stripe account: takes its events, and writes back to it through its API. */
@injectable()
export class StripeBackend extends OutboundBackend(InboundBackend(ConnectorBackend<StripeSettings>)) {
  static readonly type = 'stripe';
  static readonly label = 'Stripe';
  static readonly settings = stripeSettings;

  override async handleInboundEvent(event: InboundEvent, context: InboundContext): Promise<Outcome> {
    const parsed = stripeEvent.safeParse(event.body);
    if (!parsed.success) return deadLetter('the body is no Stripe event');
    switch (parsed.data.type) {
      case 'payment_intent.succeeded':
        return this.#markAsSeen(parsed.data.id, parsed.data.data.object.id, context);
      default:
        return done(`nothing to do for ${parsed.data.type}`);
    }
  }

  override outboundBaseUrl(): string {
    return this.settings.apiBaseUrl;
  }

  override outboundHeaders(): Record<string, string> {
    return this.settings.apiKey === undefined ? {} : { authorization: `Bearer ${this.settings.apiKey}` };
  }

  /** Notes on the payment intent which event told of it; the event's id makes a repetition harmless at Stripe. */
  async #markAsSeen(eventId: string, paymentIntent: string, { outbound }: InboundContext): Promise<Outcome> {
    if (this.settings.apiKey === undefined)
      return done('stored; no API key is set, so nothing is written back');
    const endpoint = await outbound.outboundEndpoint({ codeSuffix: 'payment-intents' });
    await endpoint.queueDelivery({
      payload: { metadata: { glue_event: eventId } },
      context: { payment_intent: paymentIntent },
      idempotencyKey: eventId,
    });
    return done(`metadata of ${paymentIntent} is on its way`);
  }
}
