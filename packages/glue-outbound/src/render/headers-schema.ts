import { z } from 'zod';
import { isPlainObject } from '../json-problem.js';
import type { Headers } from './merge-headers.js';
import { headerProblem } from './header-name.js';

/** Headers that somebody hands over: an object of texts. Not `Headers` of fetch, whose members nobody sees. */
export const headersSchema = z
  .custom<Headers>(isPlainObject, { error: 'must be an object of texts', abort: true })
  .superRefine((headers, issues) => {
    for (const [name, value] of Object.entries<unknown>(headers)) {
      const problem =
        typeof value === 'string' ? headerProblem(name, value) : `the header "${name}" is no text`;
      if (problem !== undefined) issues.addIssue({ code: 'custom', message: problem });
    }
  })
  .transform((headers): Headers => ({ ...headers }));
