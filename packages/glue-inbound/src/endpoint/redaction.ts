import { headerNameSchema } from 'glue-core';
import { z } from 'zod';

/** A connector names here what its provider sends. */
export const redactHeadersSchema = z
  .array(headerNameSchema)
  .max(50)
  .describe(
    'Headers that are never kept, beside those by which the endpoint verifies and those whose name tells of a secret.',
  );
