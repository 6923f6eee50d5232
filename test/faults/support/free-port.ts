import { createServer } from 'node:net';

/** Ports that were given out here: what is to listen on them may not have begun. */
const given = new Set<number>();

/**
 * A port that nothing listens on now, below the range that the system hands out by itself: so that it is still free
 * after what listens on it was cut off or killed.
 */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < 100; tried += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error('no free port found between 20000 and 32000');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
