import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of its own that has loaded its script and got its input, and waits for the word. */
export class Child {
  readonly #process: ChildProcess;
  /** Resolves to the exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.exit = once(process, 'exit').then((ended: unknown[]) => howItEnded(ended));
  }

  /** Starts `children/<script>.mjs`. */
  static async start(script: string, input: object): Promise<Child> {
    const path = fileURLToPath(new URL(`children/${script}.mjs`, import.meta.url));
    const child = new Child(fork(path, { execArgv: [] }));
    child.#process.send(input);
    await child.#message();
    return child;
  }

  /** Lets it go, and gives what it sends. */
  async go(): Promise<unknown> {
    this.#process.send('go');
    return this.#message();
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.exit;
  }

  async #message(): Promise<unknown> {
    const exited = this.exit.then((how) => {
      throw new Error(`the child process ended early: ${how}`);
    });
    const [message]: unknown[] = await Promise.race([once(this.#process, 'message'), exited]);
    return message;
  }
}

function howItEnded([code, signal]: unknown[]): number | string {
  return typeof code === 'number' ? code : String(signal);
}

/** Starts several, and lets them go at one moment. */
export async function race(script: string, inputs: object[]): Promise<unknown[]> {
  const children = await Promise.all(inputs.map((input) => Child.start(script, input)));
  const results = await Promise.all(children.map((child) => child.go()));
  const exits = await Promise.all(children.map((child) => child.exit));
  if (exits.some((exit) => exit !== 0)) throw new Error(`children ended with ${exits.join(', ')}`);
  return results;
}
