import { GlueError } from '../errors/glue-error.js';

/** Points at one backend record. Written `<type>,<id>`, e.g. `stripe,1`. */
export interface BackendReference {
  readonly type: string;
  readonly id: number;
}

export function formatBackendReference(reference: BackendReference): string {
  return `${reference.type},${reference.id}`;
}

/** @throws GLUE_BACKEND_REFERENCE_INVALID when the text is not `<type>,<id>` with a positive whole id. */
export function parseBackendReference(text: string): BackendReference {
  const match = /^([a-z0-9][a-z0-9._-]*),([1-9][0-9]{0,15})$/.exec(text.trim());
  const [, type, id] = match ?? [];
  if (type === undefined || !Number.isSafeInteger(Number(id))) {
    throw new GlueError(
      'GLUE_BACKEND_REFERENCE_INVALID',
      `"${text}" is no backend reference: write <type>,<id>, like stripe,1`,
    );
  }
  return { type, id: Number(id) };
}
