import type { SideName } from '../side/side-name.js';
import type { EndpointState } from './endpoint-record.js';

type Moves = Readonly<Partial<Record<EndpointState, readonly EndpointState[]>>>;

/** Which state may follow which. A person activates, pauses and archives; Glue itself disables. */
const moves: Readonly<Record<SideName, Moves>> = {
  inbound: {
    draft: ['active', 'archived'],
    active: ['draft', 'archived'],
    archived: ['draft'],
  },
  outbound: {
    draft: ['active', 'archived'],
    active: ['draft', 'paused', 'disabled', 'archived'],
    // What was on its way when a person paused can still tell that the receiver is gone.
    paused: ['draft', 'active', 'disabled', 'archived'],
    disabled: ['draft', 'active', 'archived'],
    archived: ['draft'],
  },
};

/** Whether an endpoint of a side may go from one state to another. */
export function mayBecome(side: SideName, from: EndpointState, to: EndpointState): boolean {
  return moves[side][from]?.includes(to) ?? false;
}
