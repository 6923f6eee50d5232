import { createSecureContext, getCACertificates, type ConnectionOptions } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import type { AddressGuard } from './address-guard.js';
import { PLAIN, type Transport } from './transport.js';

export interface AgentLimits {
  /** Kinds of connections that are kept apart; beyond these the one that was unused for longest is closed. @defaultValue 256 */
  readonly agents: number;
  /** Connections that may be open so that others are still kept for the next request. @defaultValue 1,000 */
  readonly keptConnections: number;
  /** How long a connection is kept when the receiver says nothing, in milliseconds. @defaultValue 4,000 */
  readonly keepAliveMs: number;
  /** How long it is kept at most, whatever the receiver says, in milliseconds. @defaultValue 30,000 */
  readonly longestKeepAliveMs: number;
}

const DEFAULT_LIMITS: AgentLimits = {
  agents: 256,
  keptConnections: 1_000,
  keepAliveMs: 4_000,
  longestKeepAliveMs: 30_000,
};

/** Pooled connections whose every dial passes the guard; one pool per connect timeout, transport and origin. */
export class GuardedAgents {
  readonly #agents = new Map<string, { readonly agent: Agent; readonly transport: Transport }>();
  readonly #limits: AgentLimits;
  #open = 0;

  constructor(
    private readonly guard: AddressGuard,
    limits: Partial<AgentLimits> = {},
  ) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /** Connections that are open now. */
  get openConnections(): number {
    return this.#open;
  }

  /** Whether so many connections are open that none should be kept after its request. */
  get isCrowded(): boolean {
    return this.#open >= this.#limits.keptConnections;
  }

  get(connectTimeoutMs: number, transport: Transport = PLAIN): Agent {
    const key = `${connectTimeoutMs} ${transport.id}`;
    const known = this.#agents.get(key) ?? { agent: this.#make(connectTimeoutMs, transport), transport };
    // The map is in order of use.
    this.#agents.delete(key);
    this.#agents.set(key, known);
    if (this.#agents.size > this.#limits.agents) this.#closeOldest();
    return known.agent;
  }

  /** Closes the connections of transports that nobody uses any more. What they still work on is finished first. */
  keepOnly(transportIds: ReadonlySet<string>): void {
    for (const [key, { agent, transport }] of this.#agents) {
      if (transport.id === PLAIN.id || transportIds.has(transport.id)) continue;
      this.#agents.delete(key);
      void agent.close();
    }
  }

  async close(): Promise<void> {
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    await Promise.all(agents.map(({ agent }) => agent.destroy()));
  }

  /** What it still works on is finished first. */
  #closeOldest(): void {
    for (const [key, { agent }] of this.#agents) {
      this.#agents.delete(key);
      void agent.close();
      return;
    }
  }

  /** Proxies that the environment names are not used: they would dial for us, past the guard. */
  #make(timeout: number, transport: Transport): Agent {
    const common = { timeout, allowH2: false, ...tlsOptionsOf(transport) };
    // One request per connection: to cut a long response ends no other request.
    const guarded = buildConnector({ ...common, lookup: this.guard.lookup });
    const allowed = buildConnector(common);
    return new Agent({
      allowH2: false,
      // The sender's own deadline covers headers and body.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: this.#limits.keepAliveMs,
      keepAliveMaxTimeout: this.#limits.longestKeepAliveMs,
      connect: (options, done) => {
        const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80));
        const isAllowed = this.guard.allowsHost(options.hostname, port);
        // A literal address is not looked up.
        const refusal = isAllowed ? undefined : this.guard.refusalOf(options.hostname);
        if (refusal) return done(refusal, null);
        return (isAllowed ? allowed : guarded)(options, this.#counted(done));
      },
    });
  }

  #counted(done: buildConnector.Callback): buildConnector.Callback {
    return (...result) => {
      const [, socket] = result;
      if (socket) {
        this.#open += 1;
        socket.once('close', () => (this.#open -= 1));
      }
      done(...result);
    };
  }
}

/** Made once for all connections: to read all authorities takes 20 ms. */
function tlsOptionsOf({ certificate, authorities }: Transport): ConnectionOptions {
  if (!certificate && authorities === undefined) return {};
  const ca = authorities === undefined ? {} : { ca: [...getCACertificates('default'), authorities] };
  return { secureContext: createSecureContext({ ...certificate, ...ca }) };
}
