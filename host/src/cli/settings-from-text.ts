import { GlueError } from 'glue-core';
import { z } from 'zod';
import { jsonOrText, keyValue } from './key-value.js';

/**
 * Reads `key=value` pairs as settings: where the schema wants text it is text, anything else is read as JSON.
 * @throws GLUE_BACKEND_INVALID for what is no pair
 */
export function settingsFromText(schema: z.ZodObject, pairs: readonly string[]): Record<string, unknown> {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.fromEntries(
    pairs.map((pair) => {
      const parts = keyValue(pair);
      if (!parts) throw new GlueError('GLUE_BACKEND_INVALID', `--set ${pair.slice(0, 20)} is no key=value`);
      const property = properties[parts.key];
      const wantsText = typeof property === 'object' && property.type === 'string';
      return [parts.key, wantsText ? parts.text : jsonOrText(parts.text)];
    }),
  );
}
