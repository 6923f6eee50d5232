import { isDeepStrictEqual } from 'node:util';
import type { BackendReference } from '../naming/backend-reference.js';
import type { Fields } from '../seeds/merge-fields.js';
import type { EndpointChanges } from './endpoint-fields.js';
import { namesAfterEdit } from './endpoint-naming.js';
import type { BackendOwner } from './endpoint-owner.js';
import { configOf, linkOf, type EndpointRow } from './endpoint-table.js';

/** What an edit makes of an endpoint. */
export interface EditedEndpoint {
  /** What changes. */
  readonly values: Partial<EndpointRow>;
  /** Names of what changes, those of the configuration like `config.limits`. */
  readonly fields: readonly string[];
}

/**
 * Applies changes to an endpoint. Pure.
 * @param ownerOf - tells of the backend that it is linked to; asked only when the suffix changes
 * @throws GLUE_ENDPOINT_CODE_DERIVED, and what `ownerOf` throws
 */
export function editEndpoint(
  row: EndpointRow,
  changes: EndpointChanges,
  ownerOf: (backend: BackendReference) => BackendOwner,
): EditedEndpoint {
  const { company = row.company, handler = row.handler } = changes;
  const link = linkOf(row);
  const wanted = { ...namesAfterEdit(row, changes, link && (() => ownerOf(link))), company, handler };
  const values = Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => row[name as keyof typeof wanted] !== value),
  );
  const present = configOf(row);
  const config = mergedConfig(present, changes.config ?? {});
  const keys = differingKeys(present, config);
  return {
    values: { ...values, ...(keys.length > 0 && { config: JSON.stringify(config) }) },
    fields: [...Object.keys(values), ...keys.map((key) => `config.${key}`)],
  };
}

/** Key by key, as seeds are merged too; `null` takes a key out, so that its default counts again. */
function mergedConfig(present: Fields, changes: Fields): Fields {
  const merged = Object.entries({ ...present, ...changes });
  return Object.fromEntries(merged.filter(([, value]) => value !== null && value !== undefined));
}

function differingKeys(before: Fields, after: Fields): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => !isDeepStrictEqual(before[key], after[key]));
}
