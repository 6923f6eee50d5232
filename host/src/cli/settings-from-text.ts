import { GlueError } from 'glue-core';
import { z } from 'zod';

/**
 * Reads `key=value` pairs as settings: where the schema wants text it is text, anything else is read as JSON.
 * @throws GLUE_BACKEND_INVALID for what is no pair
 */
export function settingsFromText(schema: z.ZodObject, pairs: readonly string[]): Record<string, unknown> {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new GlueError('GLUE_BACKEND_INVALID', `--set ${pair.slice(0, 20)} is no key=value`);
      const [key, text] = [pair.slice(0, at), pair.slice(at + 1)];
      const property = properties[key];
      const wantsText = typeof property === 'object' && property.type === 'string';
      return [key, wantsText ? text : jsonOrText(text)];
    }),
  );
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
