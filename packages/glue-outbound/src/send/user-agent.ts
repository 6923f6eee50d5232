import { readFileSync } from 'node:fs';
import { z } from 'zod';

const manifestSchema = z.object({ version: z.string() });

/** `Glue/<version>`, by the version of this package. */
export function readUserAgent(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return `Glue/${manifestSchema.parse(JSON.parse(text)).version}`;
}
