import { Agent, buildConnector } from 'undici';
import type { AddressGuard } from './address-guard.js';

/** Pooled connections whose every dial passes the guard; one pool per connect timeout. */
export class GuardedAgents {
  readonly #agents = new Map<number, Agent>();

  constructor(private readonly guard: AddressGuard) {}

  get(connectTimeoutMs: number): Agent {
    const known = this.#agents.get(connectTimeoutMs);
    if (known) return known;
    const agent = this.#open(connectTimeoutMs);
    this.#agents.set(connectTimeoutMs, agent);
    return agent;
  }

  async close(): Promise<void> {
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  #open(timeout: number): Agent {
    // One request per connection: to cut a long response ends no other request.
    const guarded = buildConnector({ timeout, allowH2: false, lookup: this.guard.lookup });
    const allowed = buildConnector({ timeout, allowH2: false });
    return new Agent({
      allowH2: false,
      // The sender's own deadline covers headers and body.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, done) => {
        const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80));
        const connect = this.guard.allowsHost(options.hostname, port) ? allowed : guarded;
        return connect(options, done);
      },
    });
  }
}
