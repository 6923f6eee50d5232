import { createAudit } from '../audit/audit-log.js';
import { createBackends } from '../backend/backend-table.js';
import { addWorkTopic, createChanges } from '../change/change-feed.js';
import { addBulkFailure, createBulkMoves } from '../operate/bulk-move-table.js';
import { addHostProcess, addLeaseLength, createHosts } from '../work/host-table.js';
import type { Migration } from './migration.js';

/** The tables of glue-core, in order. Append only. */
export const coreMigrations: readonly Migration[] = [
  createBackends,
  createAudit,
  createHosts,
  createChanges,
  addWorkTopic,
  createBulkMoves,
  addHostProcess,
  addLeaseLength,
  addBulkFailure,
];
