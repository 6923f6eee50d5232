/** What a child does once it was started. */
export interface ChildWork {
  /** Told to the parent at once. */
  readonly answer: unknown;
  /** Answers the parent's questions. */
  readonly ask?: (question: string) => unknown;
  /** Called when the parent is done with the child, or gone. */
  readonly end?: () => Promise<void>;
}

/** The child's side of `startChild`. */
export async function asChild<Input>(work: (input: Input) => Promise<ChildWork>): Promise<void> {
  // A signal from the terminal reaches the parent too; the parent says when to end.
  process.on('SIGINT', () => {});
  const leave = (): void => process.exit();
  // A parent that is killed meanwhile leaves nobody behind.
  process.once('disconnect', leave);
  const { answer, ask, end } = await work(JSON.parse(process.argv[2] ?? '{}') as Input);
  process.off('disconnect', leave);
  process.on('message', (question: string) => void tell(question === 'cpu' ? cpuMs() : ask?.(question)));
  process.once('disconnect', () => {
    void Promise.resolve(end?.()).finally(() => process.exit());
  });
  await tell(answer);
}

async function tell(answer: unknown): Promise<void> {
  process.send?.({ answer: (await answer) ?? null });
}

/** CPU time of this process so far, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
