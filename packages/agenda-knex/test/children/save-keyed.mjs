import { KnexBackend } from '../../dist/index.js';
import { atTheWord } from './at-the-word.mjs';

/** Saves the same few jobs over and over, some by a unique key and one as the single one of its name; tells the ids. */
await atTheWord(async ({ config }) => {
  const backend = new KnexBackend({ config });
  await backend.connect();
  const job = { name: 'keyed', priority: 0, nextRunAt: new Date(Date.now() + 60_000) };
  return async () => {
    const ids = [];
    for (let n = 0; n < 40; n++) {
      const unique = { 'data.key': n % 4 };
      const saves = [
        { ...job, type: 'normal', unique, data: { key: n % 4, pid: process.pid } },
        { ...job, type: 'normal', unique: { only: n % 4 }, uniqueOpts: { insertOnly: true }, data: {} },
        { ...job, type: 'single', data: { n, pid: process.pid } },
      ];
      const saved = await Promise.all(saves.map((each) => backend.repository.saveJob(each)));
      ids.push(...saved.map(({ _id }) => _id));
    }
    await backend.disconnect();
    return ids;
  };
});
