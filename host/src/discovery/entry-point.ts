/** Export conditions that hold for an `import` in Node (https://nodejs.org/api/packages.html#conditional-exports). */
const CONDITIONS = new Set(['node-addons', 'node', 'import', 'module-sync', 'default']);

/**
 * The file of a package's main module, from `exports` or `main` of its package.json. Pure.
 * @returns a path from the package's folder; undefined when `exports` offers no main module
 */
export function entryPoint({ exports, main }: { exports?: unknown; main?: unknown }): string | undefined {
  if (exports === undefined || exports === null) return typeof main === 'string' ? main : 'index.js';
  return target(hasSubpaths(exports) ? exports['.'] : exports);
}

function target(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(target).find((each) => each !== undefined);
  if (!isRecord(value)) return undefined;
  for (const [condition, inner] of Object.entries(value)) {
    const found = CONDITIONS.has(condition) ? target(inner) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function hasSubpaths(exports: unknown): exports is Record<string, unknown> {
  return isRecord(exports) && Object.keys(exports).some((key) => key.startsWith('.'));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
