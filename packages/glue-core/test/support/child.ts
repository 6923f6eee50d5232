import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts a script of `children/` several times, lets all go at one moment, and gives what each answers. */
export async function race(script: string, inputs: readonly object[]): Promise<unknown[]> {
  const path = fileURLToPath(new URL(`../children/${script}`, import.meta.url));
  const children = inputs.map(() => fork(path, { execArgv: [] }));
  try {
    await Promise.all(children.map((child, index) => ask(child, inputs[index] ?? {})));
    return await Promise.all(children.map((child) => ask(child, 'go')));
  } finally {
    for (const child of children) child.kill();
  }
}

async function ask(child: ChildProcess, word: object | string): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]: unknown[]) => {
    throw new Error(`the child process ended with ${String(code)} instead of answering`);
  });
  ended.catch(() => {});
  child.send(word);
  const [answer]: unknown[] = await Promise.race([once(child, 'message'), ended]);
  return answer;
}
