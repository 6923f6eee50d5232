import type { GlueError, Manifest } from 'glue-core';

/** A connector as it lies on disk; none of its code has run. */
export interface FoundConnector {
  readonly id: string;
  readonly packageName: string;
  readonly version: string;
  readonly folder: string;
  readonly manifest: Manifest;
  /** From its package.json: where its main module is. */
  readonly entry: { readonly exports?: unknown; readonly main?: unknown };
}

/** A package that says it is a connector, but whose package.json cannot be used. */
export interface UnreadableConnector {
  readonly folder: string;
  readonly error: GlueError;
}

export interface Discovery {
  readonly found: readonly FoundConnector[];
  readonly unreadable: readonly UnreadableConnector[];
}

/** How messages name a connector: `connector "stripe" 0.1.0 (/app/plugins/stripe)`. */
export function nameOf({ id, version, folder }: FoundConnector): string {
  return `connector "${id}" ${version} (${folder})`;
}
