import { z } from 'zod';
import { BackendRegistry } from '../../src/backend/backend-registry.js';
import { BackendStore } from '../../src/backend/backend-store.js';
import { BackendTypes } from '../../src/backend/backend-types.js';
import { ConnectorBackend } from '../../src/backend/connector-backend.js';
import { secret } from '../../src/backend/secret-setting.js';
import { ManualClock } from '../../src/clock/manual-clock.js';
import { SecretBox } from '../../src/crypto/secret-box.js';
import type { Database } from '../../src/database/database.js';
import type { Logger } from '../../src/log/logger.js';

const shopSettings = z.strictObject({
  apiKey: secret(),
  pin: secret().nullable().default(null),
  region: z.enum(['eu', 'us']).default('eu'),
  note: z.string().optional(),
});

/** A backend as connectors write them, without a side. */
export class ShopBackend extends ConnectorBackend<z.infer<typeof shopSettings>> {
  static readonly type = 'shop';
  static readonly label = 'Shop';
  static readonly settings = shopSettings;

  /** What a side offers under a token. */
  offered(token: symbol): unknown {
    return this.port(token);
  }
}

/** One that names its endpoints itself. */
export class PrefixedBackend extends ConnectorBackend {
  static readonly type = 'prefixed';
  static readonly settings = z.strictObject({ prefix: z.string() });

  override technicalPrefix(): string {
    return `${(this.settings as { prefix: string }).prefix} ${this.id}`;
  }
}

export const apiKey = 'sk_live_0123456789';
export const sameBox = () => new SecretBox(Buffer.alloc(32, 7));

export interface Shop {
  readonly clock: ManualClock;
  readonly types: BackendTypes;
  readonly store: BackendStore;
  readonly registry: BackendRegistry;
  readonly logged: string[];
}

/** Store and registry of one host whose connector registers the classes above. */
export function openShop(database: Database, box = sameBox()): Shop {
  const clock = new ManualClock();
  const logged: string[] = [];
  const types = new BackendTypes();
  types.register(ShopBackend, 'shop-connector');
  types.register(PrefixedBackend, 'shop-connector');
  const store = new BackendStore(database, types, box, clock);
  const registry = new BackendRegistry(types, store, (each) => new each(), loggerTo(logged));
  return { clock, types, store, registry, logged };
}

/** A logger that keeps what it is told, fields and all. */
export function loggerTo(lines: string[]): Logger {
  const write = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { debug: write, info: write, warn: write, error: write, child: () => loggerTo(lines) };
}
