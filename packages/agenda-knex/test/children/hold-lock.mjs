import { KnexBackend } from '../../dist/index.js';
import { atTheWord } from './at-the-word.mjs';

/** Claims one job, tells which, and never gives it back. */
await atTheWord(async ({ config, name }) => {
  const backend = new KnexBackend({ config });
  await backend.connect();
  return async () => {
    setInterval(() => undefined, 1000);
    const now = new Date();
    const job = await backend.repository.getNextJobToRun(name, now, new Date(now - 600_000));
    return { id: job._id, lockedAt: job.lockedAt.getTime() };
  };
});
