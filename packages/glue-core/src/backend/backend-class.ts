import type { z } from 'zod';
import type { ConnectorBackend } from './connector-backend.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- TypeScript asks for any[] in the constructor of a mixin's base (TS2545)
export type AbstractConstructor<T> = abstract new (...args: any[]) => T;

/** A concrete backend class as a connector exports it. */
export interface BackendClass {
  /** The container knows the parameters. */
  new (...args: never[]): ConnectorBackend;
  /** First half of backend references, e.g. `stripe`. Lower-case letters, digits, `.`, `_`, `-`. */
  readonly type: string;
  /**
   * Validates the settings, draws the form, marks secrets (see `secret()`). What it gives is stored as JSON and goes
   * through it again when it is read, so that defaults of a newer version apply: it must accept its own result.
   */
  readonly settings: z.ZodObject;
  /** Name for people. @defaultValue the type */
  readonly label?: string;
}
