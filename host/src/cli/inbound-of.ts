import { GlueError } from 'glue-core';
import type { Inbound } from 'glue-inbound';
import type { Installation } from '../installation.js';

/** @throws GLUE_SIDE_ABSENT */
export function inboundOf({ inbound }: Installation): Inbound {
  if (inbound) return inbound;
  throw new GlueError(
    'GLUE_SIDE_ABSENT',
    'events and rejections belong to the inbound side, which this host does not have',
  );
}
