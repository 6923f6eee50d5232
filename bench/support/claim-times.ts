import { performance } from 'node:perf_hooks';
import type { Database } from 'glue-core';

interface Query {
  readonly sql: string;
  readonly __knexQueryUid: string;
}

/** The statements by which the work queue claims: they set the state, or look and lock before that. */
const CLAIM = /skip locked|set state = 'processing'/i;

/** Listens to a database for the times of its claim statements, in milliseconds, in order. */
export function listenToClaims(database: Database): readonly number[] {
  const times: number[] = [];
  const begun = new Map<string, number>();
  database.on('query', ({ sql, __knexQueryUid: id }: Query) => {
    if (CLAIM.test(sql)) begun.set(id, performance.now());
  });
  database.on('query-response', (_response: unknown, { __knexQueryUid: id }: Query) => {
    const at = begun.get(id);
    if (at === undefined) return;
    begun.delete(id);
    times.push(performance.now() - at);
  });
  return times;
}
