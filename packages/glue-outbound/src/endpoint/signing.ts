import {
  hmacModeSchema,
  hmacPresets,
  signedHeaders,
  standardModeSchema,
  standardScheme,
  writtenSchemeSchema,
  type MessagePart,
} from 'glue-core';
import { z } from 'zod';

/** How requests are signed; written as inbound writes its verification. */
export const signingSchema = z
  .discriminatedUnion('mode', [
    standardModeSchema,
    hmacModeSchema,
    z.strictObject({ mode: z.literal('none') }),
  ])
  .prefault({ mode: 'none' });
export type Signing = z.infer<typeof signingSchema>;

/**
 * Lower-case names of the headers that the signing writes: nobody else may. Headers that a written-out message names
 * are not among them, since a rule may give what is signed.
 */
export function signingHeadersOf(signing: Signing): string[] {
  switch (signing.mode) {
    case 'standard-webhooks':
      return [standardScheme.signature.header, ...headersIn(standardScheme.message)];
    case 'hmac': {
      const { preset, signature, timestamp } = signing;
      const given = preset ? writtenSchemeSchema.parse(hmacPresets[preset]).message : undefined;
      return [signature.header, ...(timestamp ? [timestamp.header] : []), ...headersIn(given ?? [])];
    }
    case 'none':
      return [];
  }
}

/** Lower-case names of the headers that hold signatures, which the log does not keep: inbound keeps none either. */
export function signatureHeadersOf(signing: Signing): string[] {
  switch (signing.mode) {
    case 'standard-webhooks':
      return [standardScheme.signature.header];
    case 'hmac':
      return [signing.signature.header];
    case 'none':
      return [];
  }
}

function headersIn(message: readonly MessagePart[]): string[] {
  return signedHeaders(message).map(({ header }) => header);
}
