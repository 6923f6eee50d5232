// Migrates a database when it is told to, and says which migrations it ran.
import { once } from 'node:events';
import { coreMigrations, migrate, openDatabase } from 'glue-core';

const [config] = await once(process, 'message');
process.send('ready');
await once(process, 'message');
const database = openDatabase(config);
const ran = await migrate(database, coreMigrations);
await database.destroy();
process.send(ran);
process.disconnect();
