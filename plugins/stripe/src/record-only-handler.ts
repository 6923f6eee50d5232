import { done, injectable, type Outcome } from 'glue-core';
import type { InboundHandler } from 'glue-inbound';

/** Keeps every event and calls nobody. */
@injectable()
export class RecordOnlyHandler implements InboundHandler {
  static readonly handlerId = 'record-only';

  handleInboundEvent(): Promise<Outcome> {
    return Promise.resolve(done('recorded only'));
  }
}
