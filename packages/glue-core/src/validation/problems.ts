import type { z } from 'zod';

/** One readable line per zod issue: `path: what is wrong`. Values are never repeated: they may be secret. */
export function problemsOf(error: z.ZodError, root = ''): string[] {
  return error.issues.map((issue) => {
    const path = [root, ...issue.path.map(String)].filter((part) => part !== '').join('.');
    return `${path === '' ? '(whole)' : path}: ${issue.message}`;
  });
}
