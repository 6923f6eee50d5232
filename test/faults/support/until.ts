/** Asks again and again. @throws Error naming what did not come about in time */
export async function until(
  what: string,
  happened: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  const givenUpAt = Date.now() + timeoutMs;
  while (!(await happened())) {
    if (Date.now() > givenUpAt) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
