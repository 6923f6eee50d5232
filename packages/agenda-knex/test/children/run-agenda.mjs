import { once } from 'node:events';
import { Agenda } from 'agenda';
import { KnexBackend } from '../../dist/index.js';
import { atTheWord } from './at-the-word.mjs';

/** Runs one job in an Agenda of its own and stops it; or, where the job is to hang, runs it for ever. */
await atTheWord(async ({ config, name, hangs }) => {
  const backend = new KnexBackend({ config });
  await backend.connect();
  const agenda = new Agenda({ backend, processEvery: 20 });
  const started = once(agenda, `start:${name}`);
  agenda.define(name, () => (hangs ? new Promise(() => undefined) : Promise.resolve()), {
    lockLifetime: 200,
  });
  return async () => {
    const completed = once(agenda, `complete:${name}`);
    await agenda.start();
    await started;
    if (hangs) return;
    await completed;
    await agenda.stop();
  };
});
