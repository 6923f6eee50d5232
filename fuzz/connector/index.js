import { createHash } from 'node:crypto';
import { ConnectorBackend, defineConnector, done, injectable, secret } from 'glue-core';
import { InboundBackend } from 'glue-inbound';
import { z } from 'zod';

/** Takes whatever was proven; proves by a hash of its own where the mode is `connector`. */
class FuzzBackend extends InboundBackend(ConnectorBackend) {
  static type = 'fuzz';
  static settings = z.strictObject({ secret: secret(), token: secret() });

  async handleInboundEvent() {
    return done();
  }

  async verifyInboundRequest({ headers, body }) {
    const [proof, ...more] = headers['x-proof'] ?? [];
    const expected = createHash('sha256').update(this.settings.secret).update(body).digest('hex');
    return more.length === 0 && proof === expected;
  }

  async answerInboundChallenge({ url }) {
    const asked = new URLSearchParams(url.split('?', 2)[1] ?? '').get('ask');
    return asked === null ? undefined : { text: asked };
  }
}
injectable()(FuzzBackend);

// eslint-disable-next-line no-restricted-exports -- what a connector exports is its default
export default defineConnector({ backends: [FuzzBackend] });
