export {
  container,
  inject,
  injectable,
  instanceCachingFactory,
  type DependencyContainer,
  type InjectionToken,
} from './di.js';

export { audit, type AuditEntry } from './audit/audit-log.js';
export type { AbstractConstructor, BackendClass } from './backend/backend-class.js';
export {
  DEFAULT_COMPANY,
  type BackendRecord,
  type BackendView,
  type SecretView,
} from './backend/backend-record.js';
export { BACKEND_REGISTRY, BackendRegistry, type BackendLookup } from './backend/backend-registry.js';
export {
  BACKEND_STORE,
  BackendStore,
  type BackendChanges,
  type NewBackend,
} from './backend/backend-store.js';
export { hasBackends } from './backend/backend-table.js';
export { BACKEND_TYPES, BackendTypes } from './backend/backend-types.js';
export { ConnectorBackend, type BackendAttachment } from './backend/connector-backend.js';
export { secret } from './backend/secret-setting.js';
export { announceChange, CHANGE_FEED, ChangeFeed, type ChangeTopic } from './change/change-feed.js';
export { CLOCK, systemClock, type Clock } from './clock/clock.js';
export { ManualClock } from './clock/manual-clock.js';
export { CONTRACT_VERSION } from './connector/contract-version.js';
export {
  CORE_COPY,
  defineConnector,
  type Connector,
  type ConnectorDefinition,
  type HandlerClass,
} from './connector/define-connector.js';
export { manifestSchema, type Manifest } from './connector/manifest.js';
export { SECRET_BOX, SecretBox } from './crypto/secret-box.js';
export {
  bytesColumn,
  createTable,
  idColumn,
  keyColumn,
  longTextColumn,
  timeColumn,
} from './database/columns.js';
export { coreMigrations } from './database/core-migrations.js';
export { DATABASE, dialectOf, type Database, type Dialect, type Transaction } from './database/database.js';
export { databaseConfigSchema, type DatabaseConfig } from './database/database-config.js';
export {
  isDuplicateKeyError,
  isTransientDatabaseError,
  isUnavailableDatabaseError,
} from './database/database-errors.js';
export { affectedOf, databaseNow, rowsOf } from './database/database-time.js';
export { inTransaction } from './database/in-transaction.js';
export { migrate, pendingMigrations } from './database/migrate.js';
export type { Migration } from './database/migration.js';
export { openDatabase } from './database/open-database.js';
export type { EndpointRecord, EndpointState, EndpointView } from './endpoint/endpoint-record.js';
export { EndpointStore } from './endpoint/endpoint-store.js';
export { createEndpointTable, endpointTables } from './endpoint/endpoint-table.js';
export { errorTable, type ErrorCode, type ErrorEntry } from './errors/error-table.js';
export { GlueError, messageOf } from './errors/glue-error.js';
export { makeFolder } from './files/make-folder.js';
export type {
  Json,
  NewDelivery,
  OutboundEndpointHandle,
  OutboundGateway,
  OutboundSelector,
  QueuedDelivery,
} from './gateway/outbound-gateway.js';
export { OUTBOUND_PORT, type OutboundPort } from './gateway/outbound-port.js';
export { LOGGER, silentLogger, type Logger } from './log/logger.js';
export {
  formatBackendReference,
  parseBackendReference,
  type BackendReference,
} from './naming/backend-reference.js';
export { newId } from './naming/new-id.js';
export { scopedCode, scopedDisplayName } from './naming/scoped-code.js';
export { isSlug, slug } from './naming/slug.js';
export {
  cancel,
  deadLetter,
  DEFAULT_RETRY_SECONDS,
  done,
  isOutcome,
  retry,
  type Outcome,
} from './outcome/outcome.js';
export {
  Provisioner,
  PROVISIONER,
  type ProvisionOptions,
  type ProvisionReport,
} from './provision/provision.js';
export {
  DEFAULT_RETRY_DELAYS_SECONDS,
  defaultRetryPolicy,
  nextStep,
  retryPolicySchema,
  type Failure,
  type NextStep,
  type RetryPolicy,
} from './retry/retry-policy.js';
export { readSeeds } from './seeds/read-seeds.js';
export { SEED_CATALOG, SeedCatalog } from './seeds/seed-catalog.js';
export {
  endpointFileSchema,
  handlerFileSchema,
  seedId,
  type ConnectorSeeds,
  type EndpointSeed,
  type HandlerSeed,
} from './seeds/seed-file.js';
export type { Side, SideSchema } from './side/side.js';
export { sideNameSchema, type SideName } from './side/side-name.js';
export { durationSeconds, parseDuration } from './validation/duration.js';
export { problemsOf } from './validation/problems.js';
export type { ClaimedRow } from './work/claim-work.js';
export { Effects, type EffectKind } from './work/effects.js';
export { GroupCommit, type GroupCommitOptions } from './work/group-commit.js';
export { HostLease, type HostLeaseOptions } from './work/host-lease.js';
export { RETRY_CLOCK, type RetryClock } from './work/retry-clock.js';
export { WorkQueue, type WorkQueueOptions } from './work/work-queue.js';
export type { AttemptContext, AttemptResult, WorkItem, WorkSource } from './work/work-source.js';
export {
  addWorkColumns,
  createAttemptTable,
  createWorkIndexes,
  PHASE,
  type WorkState,
  type WorkTable,
} from './work/work-table.js';
