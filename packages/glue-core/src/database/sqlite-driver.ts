/** The part of a better-sqlite3 connection that is set up for knex; it brings no types. */
export interface SqliteConnection {
  pragma(text: string, options?: { readonly simple: true }): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
  readonly inTransaction: boolean;
  /** Set, it has knex's pool close this connection and open another. */
  __knex__disposed?: unknown;
}

export interface SqliteStatement {
  readonly readonly: boolean;
  run(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown;
}
