import { setTimeout as sleep } from 'node:timers/promises';
import { KnexBackend } from '../../dist/index.js';
import { atTheWord } from './at-the-word.mjs';

/** Claims jobs until there are none, and tells which it got. */
await atTheWord(async ({ config, name }) => {
  const backend = new KnexBackend({ config });
  await backend.connect();
  return async () => {
    const ids = [];
    // One claim may find nothing while another process holds what it looks at.
    for (let nothing = 0; nothing < 3;) {
      const now = new Date();
      const job = await backend.repository.getNextJobToRun(name, now, new Date(now - 600_000));
      if (job) ids.push(job._id);
      else nothing++;
      // As a real job would: lets the other process have a turn.
      await sleep(job ? 0 : 20);
    }
    await backend.disconnect();
    return ids;
  };
});
