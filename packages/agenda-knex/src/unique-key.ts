import { createHash } from 'node:crypto';
import type { JobParameters } from 'agenda';
import { canonicalText, toJsonValue } from './json-value.js';

/** The key of the only job of type `single` with this name. */
export function singleKey(name: string): string {
  return hash(['single', name]);
}

/**
 * The key under which a job may exist once, or `null` when any number may.
 *
 * The database enforces it with a unique index, so two processes saving at once still make one job. The order of
 * fields in `unique` does not matter; type `single` goes before `unique`, as in Agenda's MongoDB backend.
 *
 * @throws Error when `unique` holds a query operator (`$gt` …): a key is made of values.
 */
export function uniqueKey({
  name,
  type,
  unique,
}: Pick<JobParameters, 'name' | 'type' | 'unique'>): string | null {
  if (type === 'single') return singleKey(name);
  if (!unique) return null;
  refuseOperators(unique, name);
  return hash(['unique', name, unique]);
}

function hash(parts: unknown[]): string {
  return createHash('sha256')
    .update(canonicalText(toJsonValue(parts)))
    .digest('hex');
}

function refuseOperators(value: unknown, name: string): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (key.startsWith('$')) {
      throw new Error(`job "${name}": unique() takes fields and values, not the operator "${key}"`);
    }
    refuseOperators(child, name);
  }
}
