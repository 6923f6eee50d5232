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
    return [`${path.length === 0 ? '(whole)' : path.join('.')}: ${toldOf(issue)}`];
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

/** zod says of several shapes only that it is none of them: the shapes, where all of what is wrong tells them. */
function toldOf(issue: Issue): string {
  if (issue.code !== 'invalid_union' || issue.message !== 'Invalid input') return issue.message;
  const unknown = new Set(issue.errors.filter(hasNames).map(unknownNames));
  const shapes = issue.errors.map(shapeOf);
  // Where one shape knows a name that others do not, only a part of it is told by what it misses.
  if (unknown.size > 1 || shapes.includes(undefined)) return issue.message;
  return `Invalid input: expected ${[...new Set(shapes)].join(' or ')}`;
}

/** A shape as what is wrong tells it: its type, or the names that it asks for. */
function shapeOf(issues: readonly Issue[]): string | undefined {
  const whole = issues.find(({ path }) => path.length === 0);
  if (whole?.code === 'invalid_type') return whole.expected;
  if (whole !== undefined && whole.code !== 'unrecognized_keys') return undefined;
  const names = new Set(issues.flatMap(({ path: [name] }) => name ?? []));
  const areNames = names.size > 0 && [...names].every((name) => typeof name === 'string');
  return areNames ? `{ ${[...names].join(', ')} }` : undefined;
}

const hasNames = (issues: readonly Issue[]): boolean =>
  !issues.some(({ code, path }) => path.length === 0 && code === 'invalid_type');

/** Names that were given and that a shape does not know. */
function unknownNames(issues: readonly Issue[]): string {
  return issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : [])).join();
}
