import { secretSourceSchema, secretSourcesSchema } from 'glue-core';
import { z } from 'zod';
import { authoritiesProblem } from '../authenticate/read-certificates.js';

/** A certificate by which the host proves who it is when it connects (mutual TLS). */
export const clientCertificateSchema = z.strictObject({
  /** Each holds a certificate, perhaps with those that lead to its authority, and its private key. */
  secrets: secretSourcesSchema,
  /** The setting of the linked backend that holds it. */
  passphrase: secretSourceSchema.optional(),
});
export type ClientCertificateConfig = z.infer<typeof clientCertificateSchema>;

/** Authorities that an operator trusts for one receiver, beside those that Node trusts; PEM, and no secret. */
export const authoritiesSchema = z
  .string()
  .max(65_536)
  .superRefine((text, context) => {
    const problem = authoritiesProblem(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });
