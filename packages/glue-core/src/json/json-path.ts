import { z } from 'zod';

/** Names and indexes from the outside in. */
export type JsonPath = readonly (string | number)[];

const step = /\.?([A-Za-z_$][\w$-]*)|\[(\d{1,9})\]|\["((?:[^"\\]|\\.)*)"\]/y;

/**
 * Reads `data.object.id`, `items[0].sku`, `a["b.c"]`, each also after `$.`; a bracketed name is a JSON string.
 * @returns undefined when the text is no path
 */
export function parseJsonPath(text: string): JsonPath | undefined {
  const rest = text.replace(/^\$(?=[.[]|$)/, '');
  if (rest === '' || (rest.startsWith('.') && rest === text)) return undefined;
  const path: (string | number)[] = [];
  step.lastIndex = 0;
  while (step.lastIndex < rest.length) {
    const start = step.lastIndex;
    const match = step.exec(rest);
    if (!match) return undefined;
    const [whole, name, index, quoted] = match;
    // A name follows a dot everywhere but at the start.
    if (name !== undefined && start > 0 && !whole.startsWith('.')) return undefined;
    if (name !== undefined) path.push(name);
    else if (index !== undefined) path.push(Number(index));
    else {
      const unquoted = parseJson(`"${quoted ?? ''}"`);
      if (typeof unquoted !== 'string') return undefined;
      path.push(unquoted);
    }
  }
  return path;
}

/** The value at a path; undefined where the path leads nowhere. Indexes are for lists, names for objects' own. */
export function readJsonPath(document: unknown, path: JsonPath): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    if ((typeof key === 'number') !== Array.isArray(value)) return undefined;
    if (!Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** A path as text in configuration, as steps in memory. */
export const jsonPathSchema = z.string().transform((text, context): JsonPath => {
  const path = parseJsonPath(text);
  if (path) return path;
  context.addIssue({
    code: 'custom',
    message: `"${text}" is no JSON path: write it like data.object.id or items[0]["a.b"]`,
  });
  return z.NEVER;
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
