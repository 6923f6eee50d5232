import type { JobState } from 'agenda';
import type { Knex } from 'knex';
import type { Condition } from './job-conditions.js';

/**
 * Agenda's `computeJobState` as SQL, so that states can be filtered, counted and paged in the database.
 *
 * A test holds the two together.
 */
export function stateExpression(knex: Knex, now: number): Knex.Raw {
  return knex.raw(
    `case when locked_at is not null then 'running'
      when failed_at is not null and (last_finished_at is null or failed_at >= last_finished_at) then 'failed'
      when repeat_interval is not null then 'repeating'
      when next_run_at > ? then 'scheduled'
      when next_run_at <= ? then 'queued'
      else 'completed' end`,
    [now, now],
  );
}

/** Jobs in a state. `paused` means disabled, and goes beside whichever state the times tell. */
export function inState(knex: Knex, state: JobState, now: number): Condition {
  if (state === 'paused') return (query) => query.where({ disabled: 1 });
  return (query) => query.where(stateExpression(knex, now), '=', state);
}
