import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** One readable line per zod issue: `path: what is wrong`. Values are never repeated: they may be secret. */
export function problemsOf(error: z.ZodError, root = ''): string[] {
  return linesOf(error.issues, root === '' ? [] : [root]);
}

function linesOf(issues: readonly Issue[], at: readonly string[]): string[] {
  return issues.flatMap((issue) => {
    const path = [...at, ...issue.path.map(String)];
    const meant = issue.code === 'invalid_union' ? meantChoice(issue.errors) : undefined;
    if (meant) return linesOf(meant, path);
    return [`${path.length === 0 ? '(whole)' : path.join('.')}: ${issue.message}`];
  });
}

/** Of several shapes the one that was meant: the only one that knows all names that were given. */
function meantChoice(choices: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const knowing = choices.filter((issues) => !issues.some(isOtherShape));
  return knowing.length === 1 ? knowing[0] : undefined;
}

function isOtherShape({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'unrecognized_keys' || code === 'invalid_type');
}
