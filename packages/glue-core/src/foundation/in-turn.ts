/** Takes every step, one after another, also those after one that throws. @throws the first error, once all are taken */
export async function inTurn(steps: readonly (() => Promise<unknown> | void)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
