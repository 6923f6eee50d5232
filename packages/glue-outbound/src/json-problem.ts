/** Deeper nesting is refused: what is written down is read by recursion, here and at most receivers. */
const MAX_DEPTH = 500;

/** A value that is no JSON, by its place. */
export interface JsonProblem {
  readonly path: (string | number)[];
  readonly message: string;
}

interface Step {
  readonly value: unknown;
  readonly depth: number;
  readonly name?: string | number;
  readonly parent?: Step;
}

/**
 * Looks for the first value that JSON cannot hold as it is. Nothing is dropped on the way, members named `__proto__`
 * included; no recursion, so that depth and cycles do no harm.
 * @returns undefined when there is none
 */
export function jsonProblem(value: unknown): JsonProblem | undefined {
  const open: Step[] = [{ value, depth: 0 }];
  for (let step = open.pop(); step; step = open.pop()) {
    const message = problemOf(step);
    if (message !== undefined) return { path: pathOf(step), message };
    for (const member of membersOf(step).reverse()) open.push(member);
  }
  return undefined;
}

function problemOf({ value, depth }: Step): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : 'must be a finite number';
    case 'object':
      if (depth > MAX_DEPTH) return `must not be nested deeper than ${MAX_DEPTH} levels`;
      return value === null || Array.isArray(value) || isPlainObject(value)
        ? undefined
        : 'must be JSON: an object of a class is none';
    case 'undefined':
      return 'must not be undefined: leave it out, or write null';
    case 'bigint':
    case 'function':
    case 'symbol':
      return `must be JSON: a ${typeof value} is none`;
  }
}

function membersOf(parent: Step): Step[] {
  const { value } = parent;
  if (typeof value !== 'object' || value === null) return [];
  const depth = parent.depth + 1;
  // A list is walked by its length, so that holes are seen.
  const members: [string | number, unknown][] = Array.isArray(value)
    ? Array.from(value, (item: unknown, index) => [index, item])
    : Object.entries(value);
  return members.map(([name, member]) => ({ value: member, depth, name, parent }));
}

function pathOf(step: Step): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at: Step | undefined = step; at; at = at.parent) if (at.name !== undefined) path.unshift(at.name);
  return path;
}

/** Also objects of another realm, which have another `Object.prototype`. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
