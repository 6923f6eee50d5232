import { createHash } from 'node:crypto';
import { openDatabase, rowsOf, type Database, type DatabaseConfig } from 'glue-core';

interface StoredRow {
  readonly place: number;
  readonly endpoint_id: number;
  readonly body: Buffer;
}

export interface StoredEvent {
  readonly key: string;
  readonly endpointId: number;
  readonly body: Buffer;
}

/** What the host has stored, read behind its back. SQLite numbers rows in the order in which they are committed. */
export class StoredEvents {
  readonly #database: Database;
  #place = 0;

  constructor(config: DatabaseConfig) {
    this.#database = openDatabase(config);
  }

  /** The events that came since the last look. */
  async look(): Promise<StoredEvent[]> {
    const rows = rowsOf<StoredRow>(
      await this.#database.raw(
        `SELECT e.rowid AS place, e.endpoint_id, p.body FROM glue_events e
         JOIN glue_event_payloads p ON p.event_id = e.id WHERE e.rowid > ? ORDER BY e.rowid`,
        [this.#place],
      ),
    );
    this.#place = rows.at(-1)?.place ?? this.#place;
    return rows.map(({ endpoint_id, body }) => ({
      key: eventKey(endpoint_id, body),
      endpointId: endpoint_id,
      body,
    }));
  }

  close(): Promise<void> {
    return this.#database.destroy();
  }
}

/** The same for a request and for the event that is stored of it. */
export function eventKey(endpointId: number, body: Buffer): string {
  return `${endpointId}:${createHash('sha256').update(body).digest('base64')}`;
}
