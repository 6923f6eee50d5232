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
    return [`${path.length === 0 ? '(whole)' : path.join('.')}: ${messageOf(issue)}`];
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

/** zod says of several shapes only that it is none of them. */
function messageOf(issue: Issue): string {
  if (issue.code !== 'invalid_union' || issue.message !== 'Invalid input') return issue.message;
  const shapes = new Set(issue.errors.flatMap((choice) => shapeOf(choice) ?? []));
  return shapes.size === 0 ? issue.message : `Invalid input: expected ${[...shapes].join(' or ')}`;
}

/** A shape as what is wrong with the input tells it: its type, or the names that it misses. */
function shapeOf(issues: readonly Issue[]): string | undefined {
  const whole = issues.find(({ path }) => path.length === 0);
  if (whole?.code === 'invalid_type') return whole.expected;
  const names = new Set(issues.flatMap(({ path: [name] }) => (name === undefined ? [] : String(name))));
  return names.size === 0 ? undefined : `{ ${[...names].join(', ')} }`;
}
