import { once } from 'node:events';

/**
 * Runs a test's child: gets its input, prepares, says it is ready, and at the word works and sends what came of it.
 *
 * Nothing ends the process but that nothing is left to do: what a backend leaves open keeps it, and fails the test.
 */
export async function atTheWord(prepare) {
  const [input] = await once(process, 'message');
  const work = await prepare(input);
  process.send('ready');
  await once(process, 'message');
  process.send((await work()) ?? null);
  process.disconnect();
}
