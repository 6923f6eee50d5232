/** Tells what happens, with the seconds since the start, and remembers what did not happen as expected. */
export class Story {
  readonly failures: string[] = [];
  readonly #startedAt = Date.now();

  constructor(private readonly print: (line: string) => void) {}

  chapter(title: string): void {
    this.print('');
    this.print(title);
  }

  tell(text: string): void {
    const seconds = ((Date.now() - this.#startedAt) / 1000).toFixed(2);
    this.print(`${seconds.padStart(7)} s  ${text}`);
  }

  /** Notes an expectation that failed. */
  expect(holds: boolean, expectation: string): void {
    if (!holds) this.failures.push(expectation);
  }
}
