import { GlueError } from 'glue-core';
import type { Outbound } from 'glue-outbound';
import type { Installation } from '../installation.js';

/** @throws GLUE_SIDE_ABSENT */
export function outboundOf({ outbound }: Installation): Outbound {
  if (outbound) return outbound;
  throw new GlueError(
    'GLUE_SIDE_ABSENT',
    'deliveries belong to the outbound side, which this host does not have',
  );
}
