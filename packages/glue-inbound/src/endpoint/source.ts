import { z } from 'zod';
import { jsonPathSchema } from './json-path.js';

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'no header name')
  .transform((name) => name.toLowerCase());

/** A header, or one named part of a structured header such as `t=1492774577,v1=5257a8…`. */
export const headerSourceSchema = z.strictObject({
  header: headerName,
  /** Name of the part; every part of that name counts. Without it the whole value does. */
  part: z.string().min(1).optional(),
  /** Between the parts. */
  listSeparator: z.string().length(1).default(','),
  /** Between the name of a part and its value. */
  pairSeparator: z.string().length(1).default('='),
});
export type HeaderSource = z.infer<typeof headerSourceSchema>;

/** Where a value of a proven request comes from. */
export const sourceSchema = z.union([
  headerSourceSchema,
  z.strictObject({ json: jsonPathSchema }),
  z.strictObject({ query: z.string().min(1) }),
  z.strictObject({ literal: z.string().min(1) }),
  z.strictObject({ body: z.literal('sha256') }),
]);
export type Source = z.infer<typeof sourceSchema>;

/** Tried in turn; the first that gives a value wins. */
export const sourcesSchema = z.array(sourceSchema).min(1);
