import { ConnectorBackend, defineConnector, done, injectable, secret } from 'glue-core';
import { InboundBackend } from 'glue-inbound';
import { z } from 'zod';

/** Does nothing with an event; or, where processing is to be held, never comes to an end with the first. */
class BenchBackend extends InboundBackend(ConnectorBackend) {
  static type = 'bench';
  static settings = z.strictObject({ secret: secret(), hold: z.boolean().default(false) });

  async handleInboundEvent(_event, { signal }) {
    if (this.settings.hold) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return done();
  }
}
injectable()(BenchBackend);

// eslint-disable-next-line no-restricted-exports -- what a connector exports is its default
export default defineConnector({ backends: [BenchBackend] });
