import { ConnectorBackend, defineConnector, done, injectable, secret } from 'glue-core';
import { InboundBackend } from 'glue-inbound';
import { OutboundBackend } from 'glue-outbound';
import { z } from 'zod';

/** Passes each event on, as one delivery. */
class RelayBackend extends OutboundBackend(InboundBackend(ConnectorBackend)) {
  static type = 'relay';
  static settings = z.strictObject({ secret: secret(), signingSecret: secret(), sink: z.string() });

  async handleInboundEvent(event, { outbound }) {
    const endpoint = await outbound.outboundEndpoint({ codeSuffix: 'sink' });
    await endpoint.queueDelivery({ payload: event.body });
    return done();
  }

  outboundBaseUrl() {
    return this.settings.sink;
  }
}
injectable()(RelayBackend);

// eslint-disable-next-line no-restricted-exports -- what a connector exports is its default
export default defineConnector({ backends: [RelayBackend] });
