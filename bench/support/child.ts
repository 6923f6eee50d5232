import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of the bench's own, which says what it has to say first, answers questions, and ends when told. */
export interface Child<Answer> {
  readonly answer: Answer;
  ask<T>(question: string): Promise<T>;
  end(): Promise<void>;
}

export interface ChildOptions {
  /** For Node, e.g. `--cpu-prof`. */
  readonly nodeArguments?: readonly string[];
}

/** How long a child may take to end, in milliseconds. */
const END_MS = 15_000;

/** Starts `children/<name>.ts`, or another file; resolves when it has answered. */
export async function startChild<Answer>(
  name: string | URL,
  input: object,
  { nodeArguments = [] }: ChildOptions = {},
): Promise<Child<Answer>> {
  const file = fileURLToPath(
    typeof name === 'string' ? new URL(`../children/${name}.ts`, import.meta.url) : name,
  );
  const child = fork(file, [JSON.stringify(input)], {
    execArgv: ['--no-warnings', ...nodeArguments],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answer = await nextAnswer<Answer>(child, name);
  return {
    answer,
    ask: (question) => {
      child.send(question);
      return nextAnswer(child, name);
    },
    end: () => ended(child),
  };
}

/** Runs a child from start to end. */
export async function runChild<Answer>(name: string, input: object, options?: ChildOptions): Promise<Answer> {
  const child = await startChild<Answer>(name, input, options);
  await child.end();
  return child.answer;
}

function nextAnswer<Answer>(child: ChildProcess, name: string | URL): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const left = (code: number | null): void =>
      reject(new Error(`${String(name)} ended by itself (${code})`));
    child.once('exit', left);
    child.once('message', (message: { readonly answer: Answer }) => {
      child.off('exit', left);
      resolve(message.answer);
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.disconnect();
  });
}
