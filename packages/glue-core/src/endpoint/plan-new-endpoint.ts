import type { z } from 'zod';
import { DEFAULT_COMPANY } from '../backend/backend-record.js';
import type { SideName } from '../side/side-name.js';
import type { newEndpointSchema } from './endpoint-fields.js';
import { codeProblems, namesOfNew } from './endpoint-naming.js';
import type { BackendOwner } from './endpoint-owner.js';
import type { NewEndpointRow } from './endpoint-writer.js';

/**
 * Fills in what was left out of a new endpoint. Pure.
 * @param owner - the backend that it is to be linked to
 * @returns the row, and what is wrong with it
 * @throws GLUE_ENDPOINT_CODE_DERIVED
 */
export function planNewEndpoint(
  fields: z.output<typeof newEndpointSchema>,
  side: SideName,
  owner: BackendOwner | undefined,
): { readonly row: NewEndpointRow; readonly problems: readonly string[] } {
  const names = namesOfNew(fields, side, owner);
  const hasNoPath = side === 'outbound';
  return {
    row: {
      ...names,
      state: fields.state,
      reason: null,
      company: fields.company ?? owner?.company ?? DEFAULT_COMPANY,
      handler: fields.handler ?? null,
      backend_type: owner?.backend.type ?? null,
      backend_id: owner?.backend.id ?? null,
      path: hasNoPath ? null : (fields.path ?? names.code),
      seed_id: null,
      seed_fields: null,
      config: JSON.stringify(fields.config),
    },
    problems: [
      ...codeProblems(names.code),
      ...(hasNoPath && fields.path !== undefined
        ? ['path: only inbound endpoints have one; the path of outbound requests is in config']
        : []),
    ],
  };
}
