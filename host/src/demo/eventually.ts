import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until there is an answer. @returns undefined when there was none in time */
export async function eventually<T>(
  ask: () => Promise<T | undefined>,
  timeoutMs: number,
): Promise<T | undefined> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || Date.now() > giveUpAt) return answer;
    await sleep(50);
  }
}
