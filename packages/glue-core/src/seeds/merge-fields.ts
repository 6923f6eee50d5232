import { isDeepStrictEqual } from 'node:util';

export type Fields = Readonly<Record<string, unknown>>;

export interface MergedFields {
  /** What the record should hold now. */
  readonly values: Fields;
  /** Names of fields that change. */
  readonly updated: readonly string[];
  /** Fields that both the operator and the seed changed: the operator's edit is kept. */
  readonly conflicts: readonly string[];
}

/**
 * Three-way merge of a seed into a record, field by field. Pure.
 * @param applied - what the seed said when it was last applied
 * @param present - what the record holds
 * @param wanted - what the seed says now
 */
export function mergeFields(applied: Fields, present: Fields, wanted: Fields): MergedFields {
  const values: Record<string, unknown> = { ...present };
  const updated: string[] = [];
  const conflicts: string[] = [];
  for (const name of new Set([...Object.keys(applied), ...Object.keys(wanted)])) {
    if (isDeepStrictEqual(present[name], wanted[name])) continue;
    const seedChanged = !isDeepStrictEqual(applied[name], wanted[name]);
    const operatorChanged = !isDeepStrictEqual(applied[name], present[name]);
    if (operatorChanged) {
      if (seedChanged) conflicts.push(name);
      continue;
    }
    updated.push(name);
    if (name in wanted) values[name] = wanted[name];
    else delete values[name];
  }
  return { values, updated, conflicts };
}
