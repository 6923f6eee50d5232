export { KnexBackend, type KnexBackendOptions, type KnexConnection } from './knex-backend.js';
export type { TableNames } from './database.js';
