import type { DebounceOptions } from 'agenda';

/** When a debounced job runs, and since when saves have been gathered for that run. */
export interface DebounceWindow {
  readonly nextRunAt: Date | null;
  readonly debounceStartedAt: Date | undefined;
}

/** The window a first save opens. `asked` is the time the save itself named. */
export function openWindow(asked: Date | null, debounce: DebounceOptions, now: Date): DebounceWindow {
  if (debounce.strategy === 'leading') return { nextRunAt: asked, debounceStartedAt: now };
  return { nextRunAt: lastSaveCounts(now, debounce, now), debounceStartedAt: now };
}

/**
 * What a further save makes of the stored window. A missing `nextRunAt` means: leave it as it is stored.
 *
 * - trailing: the run is put off to `delay` after this save, never past `maxWait` after the first one.
 * - leading: saves within `delay` of the first change nothing; a later one starts anew unless a run is pending.
 */
export function extendWindow(
  stored: DebounceWindow,
  asked: Date | null,
  debounce: DebounceOptions,
  now: Date,
): Partial<DebounceWindow> {
  const { nextRunAt: pending, debounceStartedAt: started } = stored;
  if (debounce.strategy === 'leading') {
    const gathering = started !== undefined && now.getTime() < started.getTime() + debounce.delay;
    if (gathering || pending) return { debounceStartedAt: started ?? now };
    return openWindow(asked, debounce, now);
  }
  // The run of the last window is over or under way: what this save brings needs a run of its own.
  if (!pending) return openWindow(asked, debounce, now);
  // A run forced by maxWait is not put off again while it waits to be picked up.
  if (!started && pending <= now) return { debounceStartedAt: undefined };
  const since = started ?? now;
  if (debounce.maxWait && now.getTime() >= since.getTime() + debounce.maxWait) {
    return { nextRunAt: now, debounceStartedAt: undefined };
  }
  return { nextRunAt: lastSaveCounts(since, debounce, now), debounceStartedAt: since };
}

function lastSaveCounts(started: Date, { delay, maxWait }: DebounceOptions, now: Date): Date {
  const quiet = now.getTime() + delay;
  return new Date(maxWait ? Math.min(quiet, started.getTime() + maxWait) : quiet);
}
