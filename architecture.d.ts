/** One workspace, or one kind of workspace (`plugins/*`), and what it may import besides `node:*` and its own files. */
export interface Arrow {
  readonly folder: string;
  readonly mayImport: readonly string[];
  /** Also whatever its package.json lists under `dependencies` and `peerDependencies`, except `never`. */
  readonly ownDependencies?: boolean;
  /** Refused even when package.json lists it; `*` stands for any run of characters but `/`. */
  readonly never?: readonly string[];
}

/** Some files of one workspace that are kept free of more than the arrow already refuses. */
export interface Room {
  readonly name: string;
  readonly folder: string;
  /** Globs below `folder`. */
  readonly files: readonly string[];
  readonly except?: readonly string[];
  readonly mustNotImport: readonly string[];
  /** Not even by way of other files of the workspace. */
  readonly pure?: boolean;
  readonly because: string;
}

/** The part of a package.json that the arrows look at. */
export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** An import whose specifier matches `regex` (flag `u`) is refused with `message`. */
export interface Fence {
  readonly regex: string;
  readonly message: string;
}

export const ENVIRONMENT_FILE: string;
export const LOADED_BY_NAME: readonly string[];
export const ARROWS: readonly Arrow[];
export const ROOMS: readonly Room[];
export function arrowFence(arrow: Arrow, manifest: Manifest): Fence;
export function roomFence(room: Room): Fence;
