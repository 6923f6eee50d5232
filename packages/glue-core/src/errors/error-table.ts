/* eslint max-lines: off -- one table, read by looking up */

/** What an operator or author needs to know of one error code. */
export interface ErrorEntry {
  /** HTTP status that an API answers with. */
  readonly status: number;
  /** Whether the same call can succeed later without anybody changing anything. */
  readonly retryable: boolean;
  readonly meaning: string;
  readonly action: string;
}

const entry = (status: number, meaning: string, action: string, retryable = false): ErrorEntry =>
  Object.freeze({ status, retryable, meaning, action });

/** Every error that Glue raises on purpose. `docs/errors.md` is checked against this table. */
export const errorTable = {
  GLUE_NODE_UNSUPPORTED: entry(500, 'This Node version cannot run Glue.', 'Install Node 22.22.2 or newer.'),
  GLUE_CONFIG_NOT_FOUND: entry(
    500,
    'The named config file does not exist.',
    'Create it, or name another with `--config`.',
  ),
  GLUE_CONFIG_INVALID: entry(
    500,
    'The configuration has problems; all are listed.',
    'Correct the listed keys; unknown keys are errors.',
  ),
  GLUE_START_REFUSED: entry(
    500,
    'Several things keep the host from starting; all are listed, and nothing was changed.',
    'Mend what is listed; each line begins with a code of this table.',
  ),
  GLUE_CONNECTOR_NOT_FOUND: entry(
    500,
    'The config enables a connector that was not discovered.',
    'Install its package, or correct its id.',
  ),
  GLUE_CONNECTOR_DUPLICATE: entry(500, 'Two packages claim the same connector id.', 'Remove one of them.'),
  GLUE_CONNECTOR_MANIFEST: entry(
    500,
    'The static manifest of a connector is missing or invalid.',
    'Correct the `glue` key in its package.json.',
  ),
  GLUE_CONNECTOR_API_VERSION: entry(
    500,
    'The connector needs another contract version than this host speaks.',
    'Update the host, or install a matching version of the connector.',
  ),
  GLUE_CONNECTOR_LOAD: entry(
    500,
    'The module of a connector could not be imported.',
    'See the cause; build or reinstall the connector.',
  ),
  GLUE_CONNECTOR_DEFINITION: entry(
    500,
    'The connector exports something that is no definition, or an inconsistent one.',
    'See the message; the default export is `defineConnector({ … })`.',
  ),
  GLUE_CORE_DUPLICATE: entry(
    500,
    'The connector uses another copy of glue-core than the host.',
    'Make glue-core a peer dependency and reinstall (`npm dedupe`).',
  ),
  GLUE_SEED_INVALID: entry(
    500,
    'A seed file is not valid; every problem is listed.',
    'Correct the file; its JSON Schema is published.',
  ),
  GLUE_SEED_DUPLICATE: entry(
    500,
    'Two seed records of a connector have the same id.',
    'Rename one; ids are stable names.',
  ),
  GLUE_SEED_HANDLER_UNKNOWN: entry(
    500,
    'A seed names a handler that no connector offers.',
    'Correct the name, or enable the connector that offers it.',
  ),
  GLUE_BACKEND_NOT_FOUND: entry(
    404,
    'There is no such backend record.',
    'List backends with `glue backends list`.',
  ),
  GLUE_BACKEND_UNUSABLE: entry(
    409,
    'The backend is disabled, or broken for the reason that is named.',
    'Enable it, or mend what is named.',
  ),
  GLUE_BACKEND_TYPE_UNKNOWN: entry(
    400,
    'No enabled connector registers this backend type.',
    'Enable the connector, or correct the type.',
  ),
  GLUE_BACKEND_INVALID: entry(
    400,
    'The backend record is not valid; every problem is listed.',
    'Correct the listed fields.',
  ),
  GLUE_BACKEND_CODE_INVALID: entry(
    400,
    'The code is empty or no slug.',
    'Use lower-case letters, digits and single dashes.',
  ),
  GLUE_BACKEND_CODE_TAKEN: entry(
    409,
    'Another backend of this type and company has the code.',
    'Choose another code.',
  ),
  GLUE_BACKEND_REFERENCE_INVALID: entry(
    400,
    'A backend reference is not of the form `<type>,<id>`.',
    'Write it like `stripe,1`.',
  ),
  GLUE_ENDPOINT_NOT_FOUND: entry(
    404,
    'There is no such endpoint.',
    'List endpoints with `glue endpoints list`.',
  ),
  GLUE_ENDPOINT_INVALID: entry(
    400,
    'The endpoint is not valid; every problem is listed.',
    'Correct the listed fields.',
  ),
  GLUE_ENDPOINT_INCOMPLETE: entry(
    409,
    'The endpoint is not complete, and only a complete one can be, or stay, active.',
    'Mend what is listed; or make it a draft first (`glue endpoints deactivate <code>`).',
  ),
  GLUE_ENDPOINT_CONFLICT: entry(
    409,
    'Another endpoint has the code, path or link; both are named.',
    'Choose another code, path or suffix, or unlink the other endpoint first.',
  ),
  GLUE_ENDPOINT_CODE_DERIVED: entry(
    409,
    'The code of a linked endpoint is derived and cannot be edited by hand.',
    'Change its suffix, or unlink it first (`glue endpoints unlink <code>`).',
  ),
  GLUE_ENDPOINT_STATE: entry(
    409,
    'The endpoint cannot move from its state to that one.',
    'See the states in docs/glossary.md.',
  ),
  GLUE_ENDPOINT_SECRET_NOT_FOUND: entry(
    404,
    'The endpoint has no such secret.',
    'List them with `glue endpoints secrets list <code>`.',
  ),
  GLUE_ENDPOINT_AMBIGUOUS: entry(
    400,
    'Several endpoints match and none was named.',
    'Name one: in code by `codeSuffix` or `code`, on the command line by `--side`.',
  ),
  GLUE_COMPANY_MISMATCH: entry(
    409,
    'Backend and endpoint would belong to different companies.',
    'Link within one company; to move a record to another one, unlink it first.',
  ),
  GLUE_SIDE_ABSENT: entry(
    409,
    'This needs a side that is not installed or not declared by the connector.',
    'Install the side package and list it in the manifest.',
  ),
  GLUE_PROVISION_CONFLICT: entry(
    409,
    'Provisioning would clash with existing records; nothing was changed.',
    'Resolve the listed conflicts and run it again.',
  ),
  GLUE_SECRET_KEY_MISSING: entry(
    500,
    'Secrets cannot be read: the encryption key is missing or another one.',
    'The message says which key was used: restore the key file or `GLUE_SECRET_KEY`, or unset a variable that hides the file.',
  ),
  GLUE_DATABASE_UNAVAILABLE: entry(
    503,
    'The database cannot be reached.',
    'Check the server and the database settings.',
    true,
  ),
  GLUE_DATABASE_UNSUITABLE: entry(
    500,
    'The database, or the connection to it, is not as Glue needs it.',
    'Change what the message lists.',
  ),
  GLUE_DATABASE_CONFLICT: entry(
    503,
    'The database refused the transaction several times for reasons of its own.',
    'Try again.',
    true,
  ),
  GLUE_DATABASE_PACKET_TOO_LARGE: entry(
    413,
    'A statement is larger than the database server takes.',
    'Raise `max_allowed_packet` of the server, or make what is stored smaller.',
  ),
  GLUE_CHANGED_MEANWHILE: entry(
    409,
    'Somebody else changed the record meanwhile.',
    'Read it again, then repeat the change.',
  ),
  GLUE_SCHEMA_OLDER: entry(
    500,
    'The database schema is older than this version of Glue.',
    'Run `glue migrate`, or `glue start`, which migrates first.',
  ),
  GLUE_SCHEMA_NEWER: entry(
    500,
    'The database schema is newer than this version of Glue.',
    'Update Glue; a newer version has migrated it.',
  ),
  GLUE_MIGRATION_FAILED: entry(500, 'A migration failed.', 'See the cause; nothing else was started.'),
  GLUE_LISTEN: entry(
    500,
    'The host cannot listen on its address and port.',
    'Stop what uses the port, or set `host.port` and `host.address`.',
  ),
  GLUE_OVERLOADED: entry(
    503,
    'The host holds as many bodies of requests as it may, so one more was not accepted.',
    'The provider tries again; raise `inbound.maxBufferedBytes`, or add hosts.',
    true,
  ),
  GLUE_STORE_UNAVAILABLE: entry(
    503,
    'The event could not be stored, so it was not accepted.',
    'The provider tries again; look at the database.',
    true,
  ),
  GLUE_CLOCK_UNAVAILABLE: entry(
    503,
    'The Agenda store cannot be reached.',
    'Check the clock settings; fresh work goes on without it.',
    true,
  ),
  GLUE_HOST_UNREACHABLE: entry(
    503,
    'No host answers at the URL.',
    'Start it with `glue start`, or name another with `--url`.',
    true,
  ),
  GLUE_SAMPLE_NOT_FOUND: entry(
    404,
    'The connector ships no such sample event.',
    'Name another with `--event`; samples are the files in the `samples` folder of its package.',
  ),
  GLUE_OUTCOME_UNKNOWN: entry(
    500,
    'A hook or handler returned something that is no outcome.',
    'Return `done()`, `retry()`, `deadLetter()` or `cancel()`.',
  ),
  GLUE_HOOK_ANSWER: entry(
    500,
    'A hook or handler of an outbound endpoint returned something that cannot be used.',
    'Return what the guide for connectors says; nothing where the endpoint decides.',
  ),
  GLUE_ATTEMPT_ENDED: entry(
    409,
    'A handler used its context after its attempt had ended.',
    'Await everything before the handler returns, and stop when `context.signal` is aborted.',
  ),
  GLUE_CONTENT_UNREADABLE: entry(
    500,
    'What is stored of an event or delivery cannot be read.',
    'Restore its rows from a backup; or move it to the dead letters, or cancel it.',
  ),
  GLUE_HANDLER_DEADLINE: entry(
    500,
    'A handler or hook did not finish within its deadline.',
    'Make it faster, or raise the deadline.',
  ),
  GLUE_WORK_STATE: entry(
    409,
    'The event, delivery or bulk move is in a state from which it cannot be moved so.',
    'See the state and the moves that the message names; somebody may have been faster.',
  ),
  GLUE_FILTER_MISSING: entry(
    400,
    'A bulk move without a filter would take everything.',
    'Say which items are meant, or that all are.',
  ),
  GLUE_BULK_MOVE_NOT_FOUND: entry(
    404,
    'There is no such bulk move.',
    'List bulk moves with `glue events bulk list`.',
  ),
  GLUE_EVENT_NOT_FOUND: entry(404, 'There is no such event.', 'List events with `glue events list`.'),
  GLUE_REJECTION_NOT_FOUND: entry(
    404,
    'There is no such rejection.',
    'List rejections with `glue rejections list`; they are kept for the shortest time of all.',
  ),
  GLUE_DELIVERY_NOT_FOUND: entry(
    404,
    'There is no such delivery.',
    'List deliveries with `glue deliveries list`.',
  ),
  GLUE_DELIVERY_CONFLICT: entry(
    409,
    'The idempotency key was used for a delivery with other content.',
    'Use a new key for new content.',
  ),
  GLUE_DELIVERY_LIMIT: entry(
    409,
    'One attempt queues more deliveries than may commit together with its outcome.',
    'Queue them in transactions of your own, with idempotency keys, so that a second attempt queues none twice.',
  ),
  GLUE_DELIVERY_INVALID: entry(400, 'The delivery is not valid.', 'Correct what is listed.'),
  GLUE_RENDERING: entry(
    422,
    'The request could not be rendered from the delivery.',
    'Supply the named token or value.',
  ),
  GLUE_ADDRESS_BLOCKED: entry(
    403,
    'The SSRF guard refused the address of a receiver.',
    'Use a public address, or allow it in the config (`outbound.allow`).',
  ),
  GLUE_INTERNAL: entry(500, 'Something that was not foreseen.', 'Report it with the log line.'),
} as const satisfies Record<`GLUE_${string}`, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;
