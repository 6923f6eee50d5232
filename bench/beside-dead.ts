import type { BesideAnswer, BesideInput } from './children/others-beside-dead.ts';
import { runChild } from './support/child.ts';
import { atPlace } from './support/database-places.ts';
import type { Effort } from './support/effort.ts';
import { count, printTable, times } from './support/print-table.ts';
import { alternate } from './support/rounds.ts';

const WAITING = 50_000;

/**
 * How much slower the others' p99 is beside a dead endpoint for which many wait; of two kinds of dead the worse. By default
 * a circuit breaker spares the dead one; what its tries cost without it is shown, and not told.
 */
export async function measureBesideDead({ rounds, seconds, divisor }: Effort): Promise<number> {
  const waiting = WAITING / divisor;
  const run = (dead: Pick<BesideInput, 'dead' | 'isTriedOn'>) => () =>
    atPlace('sqlite', (place) =>
      runChild<BesideAnswer>('others-beside-dead', { ...dead, place, waiting, seconds }),
    );
  const results = await alternate(rounds, {
    alone: run({}),
    silent: run({ dead: 'silent' }),
    refusing: run({ dead: 'refusing' }),
    triedOn: run({ dead: 'refusing', isTriedOn: true }),
  });
  const alone = calmest(results.alone);
  const row = (name: string, answer: BesideAnswer) => [
    name,
    answer.p50Ms.toFixed(1),
    answer.p99Ms.toFixed(1),
    times(answer.p99Ms / alone.p99Ms),
    count(answer.triedAtDead),
  ];
  const [silent, refusing] = [calmest(results.silent), calmest(results.refusing)];
  printTable(
    `Five endpoints, 200 deliveries/s in all, beside a dead one with ${count(waiting)} waiting (SQLite); the calmest of ${rounds} rounds each`,
    ['', 'p50 ms', 'p99 ms', 'of alone', 'tried at the dead one'],
    [
      row('alone', alone),
      row('beside one that takes requests and says nothing', silent),
      row('beside one that does not listen', refusing),
      row('the same, without its circuit breaker', calmest(results.triedOn)),
    ],
  );
  return Math.max(silent.p99Ms, refusing.p99Ms) / alone.p99Ms;
}

function calmest(answers: readonly BesideAnswer[]): BesideAnswer {
  return answers.reduce((a, b) => (b.p99Ms < a.p99Ms ? b : a));
}
