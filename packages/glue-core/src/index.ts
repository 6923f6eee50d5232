export {
  container,
  inject,
  injectable,
  instanceCachingFactory,
  type DependencyContainer,
  type InjectionToken,
} from './di.js';

export { audit, type AuditEntry } from './audit/audit-log.js';
export { newBackendErrors } from './backend/backend-checks.js';
export type { AbstractConstructor, BackendClass } from './backend/backend-class.js';
export {
  DEFAULT_COMPANY,
  type BackendRecord,
  type BackendView,
  type NewBackend,
  type SecretView,
} from './backend/backend-record.js';
export { BACKEND_REGISTRY, BackendRegistry, type BackendLookup } from './backend/backend-registry.js';
export { BACKEND_STORE, BackendStore, type BackendChanges } from './backend/backend-store.js';
export { hasBackends } from './backend/backend-table.js';
export { BACKEND_TYPES, BackendTypes } from './backend/backend-types.js';
export { attachBackend, ConnectorBackend, type BackendAttachment } from './backend/connector-backend.js';
export { secret } from './backend/secret-setting.js';
export { announceChange, CHANGE_FEED, ChangeFeed, type ChangeTopic } from './change/change-feed.js';
export { CLOCK, systemClock, type Clock } from './clock/clock.js';
export { isOverWithin } from './clock/is-over-within.js';
export { ManualClock } from './clock/manual-clock.js';
export { withinDeadline } from './clock/within-deadline.js';
export { backendBuilder, connectorBuilder, type BuildConnectorClass } from './connector/connector-builder.js';
export { CONTRACT_VERSION } from './connector/contract-version.js';
export {
  CORE_COPY,
  defineConnector,
  type Connector,
  type ConnectorDefinition,
  type HandlerClass,
} from './connector/define-connector.js';
export { manifestSchema, type Manifest } from './connector/manifest.js';
export { parseSecretKey } from './crypto/parse-secret-key.js';
export { SECRET_BOX, SecretBox, type KeySource } from './crypto/secret-box.js';
export {
  bytesColumn,
  createTable,
  idColumn,
  keyColumn,
  longTextColumn,
  runSchemaStatement,
  timeColumn,
} from './database/columns.js';
export { coreMigrations } from './database/core-migrations.js';
export { DATABASE, dialectOf, type Database, type Dialect, type Transaction } from './database/database.js';
export { databaseConfigSchema, type DatabaseConfig } from './database/database-config.js';
export { isDuplicateKeyError } from './database/database-errors.js';
export { affectedOf, databaseNow, rowsOf } from './database/database-time.js';
export { insertRows, type ColumnValue, type RowShape } from './database/insert-rows.js';
export { inTransaction } from './database/in-transaction.js';
export { migrate, pendingMigrations } from './database/migrate.js';
export type { Migration } from './database/migration.js';
export { openDatabase } from './database/open-database.js';
export { isFileGone, sqliteProblemOf } from './database/sqlite-trouble.js';
export { maxPacketBytes } from './database/packet-limit.js';
export type { EndpointCheckOptions } from './endpoint/endpoint-check.js';
export {
  endpointChangesSchema,
  newEndpointSchema,
  type EndpointChanges,
  type NewEndpoint,
} from './endpoint/endpoint-fields.js';
export type { EndpointRecord, EndpointState, EndpointView } from './endpoint/endpoint-record.js';
export {
  isLiveSecret,
  secretUses,
  type AddedSecret,
  type EndpointSecret,
  type EndpointSecretView,
  type NewRotation,
  type NewSecret,
  type SecretRotation,
  type SecretUse,
  type SecretWindow,
} from './endpoint/endpoint-secret.js';
export {
  addSecretUse,
  createEndpointSecretTable,
  hasEndpointSecrets,
} from './endpoint/endpoint-secret-table.js';
export { EndpointSecrets } from './endpoint/endpoint-secrets.js';
export { EndpointStore, type EndpointStoreOptions, type Expected } from './endpoint/endpoint-store.js';
export { createEndpointTable } from './endpoint/endpoint-table.js';
export { errorTable, type ErrorCode, type ErrorEntry } from './errors/error-table.js';
export { GlueError, messageOf, stackOf } from './errors/glue-error.js';
export { loggedError, type LoggedError } from './errors/logged-error.js';
export { makeFolder } from './files/make-folder.js';
export { layFoundation, type Foundation, type FoundationOptions } from './foundation/foundation.js';
export { mountSide, type MountableSide, type Mounted, type MountOptions } from './foundation/mount-side.js';
export type { OwnConnector, SecretsByUse } from './foundation/own-connector.js';
export type {
  Json,
  NewDelivery,
  OutboundEndpointHandle,
  OutboundGateway,
  OutboundSelector,
  QueuedDelivery,
} from './gateway/outbound-gateway.js';
export type { OutboundPort } from './gateway/outbound-port.js';
export { attachFile, payloadFileSchema, type PayloadFile } from './gateway/payload-file.js';
export { numberText } from './json/json-number.js';
export { jsonPathSchema, readJsonPath, type JsonPath } from './json/json-path.js';
export { LOGGER, silentLogger, type Logger } from './log/logger.js';
export {
  formatBackendReference,
  parseBackendReference,
  type BackendReference,
} from './naming/backend-reference.js';
export { newId } from './naming/new-id.js';
export { scopedCode, scopedDisplayName } from './naming/scoped-code.js';
export { slug } from './naming/slug.js';
export {
  cancel,
  deadLetter,
  DEFAULT_RETRY_SECONDS,
  done,
  outcomeOf,
  retry,
  type Outcome,
} from './outcome/outcome.js';
export {
  Provisioner,
  PROVISIONER,
  type ProvisionerParts,
  type ProvisionOptions,
  type ProvisionReport,
} from './provision/provision.js';
export {
  FULL_BUCKET,
  rateSchema,
  takeToken,
  tokensIn,
  type FullAtMs,
  type Rate,
  type Taken,
} from './rate/token-bucket.js';
export { deleteFinishedWork } from './retention/delete-finished-work.js';
export { deleteOldestRows, deleteOldRows } from './retention/delete-old-rows.js';
export { deleteOldTraces } from './retention/delete-old-traces.js';
export type { DeleteOld, Deleting } from './retention/in-batches.js';
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
  endpointSeedSchema,
  handlerFileSchema,
  seedId,
  type ConnectorSeeds,
  type EndpointSeed,
  type HandlerSeed,
} from './seeds/seed-file.js';
export type { Side, SideSchema } from './side/side.js';
export { sideNameSchema, type SideName } from './side/side-name.js';
export { apiKeyHeader, apiKeyModeSchema, apiKeyProblem, type ApiKeyPlace } from './signing/api-key-mode.js';
export { basicCredentials, basicModeSchema, usernameOf } from './signing/basic-mode.js';
export { bearerModeSchema, bearerProblem } from './signing/bearer-mode.js';
export {
  findSecrets,
  ownSecretsFor,
  secretSourceSchema,
  secretSourcesSchema,
  settingOf,
  type FoundSecrets,
  type OwnSecrets,
  type SecretSource,
} from './signing/find-secrets.js';
export { hashedUrl, withQuery } from './signing/hashed-url.js';
export { headerListsOf, headersOf, timestampField, type HeaderField } from './signing/header-field.js';
export {
  headerNameSchema,
  headerSourceSchema,
  headerValues,
  isSameHeader,
  type HeaderLists,
  type HeaderSource,
} from './signing/header-source.js';
export { hmacPresetNames, hmacPresets } from './signing/hmac-presets.js';
export {
  completeScheme,
  locatedScheme,
  timestampSourceSchema,
  writtenSchemeSchema,
  type HmacScheme,
  type MessagePart,
  type TimestampSource,
} from './signing/hmac-scheme.js';
export { queryOf } from './signing/query.js';
export { decodeSecrets, hmacKeyOf, liveKeys, type Decoded, type TimedKey } from './signing/secret-keys.js';
export { signHmac } from './signing/sign-hmac.js';
export { signedHeaders, signedMessage, type SignedRequest } from './signing/signed-message.js';
export { hmacModeSchema, standardModeSchema } from './signing/signing-modes.js';
export { standardSigningKeyOf, type StandardSigningKey } from './signing/signing-key.js';
export { sharedKeyOf, standardKeyOf, standardScheme, type StandardKey } from './signing/standard-webhooks.js';
export { decodeStrictly, ISO_TIMESTAMP } from './signing/strict-decoding.js';
export { durationSeconds, parseDuration } from './validation/duration.js';
export { problemsOf } from './validation/problems.js';
export type { MovedItem } from './operate/apply-move.js';
export { BulkMoves, type BulkMove } from './operate/bulk-moves.js';
export { BulkRunner } from './operate/bulk-runner.js';
export type { FilteredWork, MoveRules, OperatedWork, Place, Replays } from './operate/operated-work.js';
export type { MoveReason } from './operate/move-note.js';
export { OperatorMoves } from './operate/operator-moves.js';
export { narrowWork, workFilterSchema, type WorkFilter, type WorkQuery } from './operate/work-filter.js';
export { inOrderOfArrival, type Arriving } from './work/arrival-order.js';
export type { ClaimedRow } from './work/claim-work.js';
export { countWaiting, dueBacklog, type DueBy } from './work/due-backlog.js';
export { Effects, type EffectKind } from './work/effects.js';
export { LargeContent } from './work/content-memory.js';
export { freeHeld, Held } from './work/hold-work.js';
export { heldLanes } from './work/waiting-lanes.js';
export { GroupCommit, type GroupCommitOptions } from './work/group-commit.js';
export { HostLease, type HostLeaseOptions } from './work/host-lease.js';
export { hasRunningHost } from './work/host-table.js';
export { freeFronts, type LaneKey } from './work/free-fronts.js';
export { rearmedValues } from './work/item-values.js';
export { RETRY_CLOCK, type RetryClock } from './work/retry-clock.js';
export { movesOf, type Move } from './work/work-moves.js';
export { TimerClock } from './work/timer-clock.js';
export { onAbort } from './work/on-abort.js';
export { WorkQueue, type WorkQueueOptions } from './work/work-queue.js';
export { parseStored, readStored, unreadable, type StoredContent } from './work/stored-content.js';
export type { AttemptContext, AttemptResult, WorkItem, WorkSource } from './work/work-source.js';
export {
  addDates,
  addTurns,
  addWorkColumns,
  createAttemptTable,
  createWorkIndexes,
  PHASE,
  WORK_STATES,
  type WorkState,
  type WorkTable,
} from './work/work-table.js';
