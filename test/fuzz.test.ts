import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const root = path.join(import.meta.dirname, '..');

/** A short run of `npm run fuzz`, always the same requests. The long ones are run by hand, each with others. */
it('a host that is fuzzed never answers 5xx, stores what is proven only, and holds its memory', async () => {
  const options = ['--requests', '4000', '--seed', '20', '--json'];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', path.join(root, 'fuzz/run.ts'), ...options],
    { cwd: root, timeout: 110_000, killSignal: 'SIGKILL' },
  );
  const lines = stdout.trim().split('\n');
  expect(stdout).not.toContain('right, but refused');
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
    requests: 4_000,
    answers_5xx: 0,
    stored_unproven: 0,
    rss_growth_mb: expect.any(Number),
  });
  // So few requests are still part of the warm-up: this finds what grows with every request only.
  expect((JSON.parse(lines.at(-1) ?? '') as { rss_growth_mb: number }).rss_growth_mb).toBeLessThan(200);
}, 120_000);
