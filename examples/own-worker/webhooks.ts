import { join } from 'node:path';
import { defineConnector, openDatabase, type Database } from 'glue-core';
import { mountOutbound, type MountedOutbound } from 'glue-outbound';

const { DATABASE_FILE = 'shop.db', GLUE_SECRET_KEY = '', WAREHOUSE_SECRET = '' } = process.env;
const { WAREHOUSE_URL = 'http://127.0.0.1:4000' } = process.env;

/** Any knex connection to SQLite, MySQL or MariaDB would do; this one is set up well. */
export function openShop(): Database {
  return openDatabase({ client: 'sqlite', file: DATABASE_FILE, durability: 'durable' });
}

/** The same in both processes, but for who sends. */
export function mountWebhooks(database: Database, { sends }: { sends: boolean }): Promise<MountedOutbound> {
  return mountOutbound({
    database,
    sends,
    secretKey: GLUE_SECRET_KEY,
    // The warehouse may stand in our own network. Nothing else there is ever called.
    allow: { hosts: [new URL(WAREHOUSE_URL).host] },
    connectors: [
      {
        id: 'shop',
        connector: defineConnector({}),
        seeds: join(import.meta.dirname, 'data'),
        configs: { warehouse: { baseUrl: WAREHOUSE_URL } },
        secrets: { warehouse: WAREHOUSE_SECRET },
      },
    ],
  });
}
