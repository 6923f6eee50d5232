import { headerSourceSchema, jsonPathSchema } from 'glue-core';
import { z } from 'zod';

/** What is done to a value: white space taken off its ends, letters lowered or raised, or its sha256 in hex. */
const transformSchema = z.enum(['trim', 'lower', 'upper', 'hash']);
export type Transform = z.infer<typeof transformSchema>;
const transforms = z
  .array(transformSchema)
  .max(4)
  .default([])
  .describe('Done in order: white space off its ends, lower case, upper case, SHA-256 in hex.');

const singleSources = [
  headerSourceSchema.extend({ transforms }),
  z.strictObject({ json: jsonPathSchema, transforms }),
  z.strictObject({ query: z.string().min(1), transforms }),
  z.strictObject({ literal: z.string().min(1), transforms }),
  z.strictObject({ body: z.literal('sha256'), transforms }),
  /** What a function of the linked backend gives: see `InboundHooks.semanticFunctions`. */
  z.strictObject({ connector: z.string().min(1), transforms }),
] as const;
const singleSourceSchema = z.union(singleSources);
export type SingleSource = z.infer<typeof singleSourceSchema>;

/** Several values as one. Where one of them is absent, the whole is. */
const joinedSourceSchema = z.strictObject({
  join: z.array(singleSourceSchema).min(2).max(8),
  /** Between the values. Choose one that they do not contain: otherwise different values can join to the same text. */
  separator: z.string().max(16).default(''),
  transforms,
});

/** Where a value of a proven request comes from. */
export const sourceSchema = z.union([...singleSources, joinedSourceSchema]);
export type Source = z.infer<typeof sourceSchema>;

/** Tried in turn; the first that gives a value wins. */
export const sourcesSchema = z.array(sourceSchema).min(1);

/** Names of the connector functions that sources ask for. */
export function connectorFunctionsOf(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    if ('join' in source) return connectorFunctionsOf(source.join);
    return 'connector' in source ? [source.connector] : [];
  });
}
