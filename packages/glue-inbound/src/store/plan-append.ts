import type { NewEvent, Receipt } from './new-event.js';

/** Which keys are taken, and by which event; keys as `keyPlace` writes them. */
export interface TakenKeys {
  readonly deliveries: ReadonlyMap<string, string>;
  readonly replays: ReadonlyMap<string, string>;
}

export interface PlannedEvent {
  readonly event: NewEvent;
  /** The first event of its replay identity, when that is another one. */
  readonly primaryId?: string;
}

/** What storing a group comes to. */
export interface AppendPlan {
  readonly events: readonly PlannedEvent[];
  /** One per member of the group, in order. */
  readonly receipts: readonly Receipt[];
  /** First events that came again: how often, and whether to try them at once. */
  readonly repeats: ReadonlyMap<string, { readonly count: number; readonly rearm: boolean }>;
}

export const nothingTaken: TakenKeys = { deliveries: new Map(), replays: new Map() };

export function keyPlace(endpointId: number, key: string): string {
  return `${endpointId}:${key}`;
}

/** Sorts a group into new events and duplicates, of what is stored and of each other. Pure. */
export function planAppend(group: readonly NewEvent[], taken: TakenKeys): AppendPlan {
  const deliveries = new Map(taken.deliveries);
  const replays = new Map(taken.replays);
  const events: PlannedEvent[] = [];
  const repeats = new Map<string, { count: number; rearm: boolean }>();
  const receipts = group.map((event): Receipt => {
    const delivery = keyPlace(event.endpointId, event.deliveryKey);
    const first = deliveries.get(delivery);
    if (first === undefined) {
      deliveries.set(delivery, event.id);
      events.push(planned(event, replays));
      return { eventId: event.id, duplicate: false };
    }
    // Its own row: the commit went through before, but its confirmation was lost.
    if (first === event.id) return { eventId: first, duplicate: false };
    const { count, rearm } = repeats.get(first) ?? { count: 0, rearm: false };
    repeats.set(first, { count: count + 1, rearm: rearm || event.rearm });
    return { eventId: first, duplicate: true };
  });
  return { events, receipts, repeats };
}

function planned(event: NewEvent, replays: Map<string, string>): PlannedEvent {
  if (event.replayKey === undefined) return { event };
  const place = keyPlace(event.endpointId, event.replayKey);
  const primaryId = replays.get(place);
  if (primaryId !== undefined) return { event, primaryId };
  replays.set(place, event.id);
  return { event };
}
