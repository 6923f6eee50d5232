import { quietMachine } from './quiet-machine.ts';

/** Runs measurements in turn, round after round (A B A B), so that what else the machine does meets all alike. */
export async function alternate<Name extends string, Result>(
  rounds: number,
  measurements: Readonly<Partial<Record<Name, () => Promise<Result>>>>,
): Promise<Record<Name, Result[]>> {
  const all = Object.entries(measurements) as [Name, () => Promise<Result>][];
  const results = Object.fromEntries(all.map(([name]) => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, measure] of all) {
      await quietMachine();
      results[name].push(await measure());
    }
  }
  return results;
}

/** The best round: others on the machine can only slow one down. */
export function best<Result extends { readonly perSecond: number }>(results: readonly Result[]): Result {
  return results.reduce((a, b) => (b.perSecond > a.perSecond ? b : a));
}
