import { GlueError } from 'glue-core';
import { z } from 'zod';
import { jsonOrText, keyValue } from './key-value.js';

/**
 * Reads `key=value` pairs as settings: where the schema wants text it is text, where it takes text beside lists or
 * null these are read as JSON, anything else is.
 * @throws GLUE_BACKEND_INVALID for what is no pair
 */
export function settingsFromText(schema: z.ZodObject, pairs: readonly string[]): Record<string, unknown> {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.fromEntries(
    pairs.map((pair) => {
      const parts = keyValue(pair);
      if (!parts) throw new GlueError('GLUE_BACKEND_INVALID', `--set ${pair.slice(0, 20)} is no key=value`);
      const property = properties[parts.key];
      if (isText(property)) return [parts.key, parts.text];
      const value = jsonOrText(parts.text);
      return [parts.key, takesText(property) && typeof value !== 'object' ? parts.text : value];
    }),
  );
}

type Schema = z.core.JSONSchema._JSONSchema | undefined;

const isText = (schema: Schema) => typeof schema === 'object' && schema.type === 'string';
/** A token of digits is text too, where text is one of several shapes. */
const takesText = (schema: Schema) => typeof schema === 'object' && (schema.anyOf ?? []).some(isText);
