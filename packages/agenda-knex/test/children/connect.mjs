import { KnexBackend } from '../../dist/index.js';
import { atTheWord } from './at-the-word.mjs';

/** Connects, which makes the tables, and disconnects. */
await atTheWord(async ({ config, tablePrefix }) => {
  const backend = new KnexBackend({ config, tablePrefix });
  return async () => {
    await backend.connect();
    await backend.disconnect();
  };
});
