import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedSchemas } from './published-schemas.ts';

for (const [file, text] of publishedSchemas()) writeFileSync(join(import.meta.dirname, '..', file), text);
