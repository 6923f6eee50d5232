import { createServer } from 'node:http';
import { GlueError, messageOf } from 'glue-core';
import { z } from 'zod';
import { close, listen } from './create-server.js';
import { localUrl } from './host-url.js';

const ANSWER_TIMEOUT_MS = 2_000;
const healthSchema = z.object({ status: z.literal('ok') });

/** Whether a host could listen there now, or one does already. @throws GLUE_LISTEN when neither */
export async function portState(address: string, port: number): Promise<'free' | 'glue'> {
  const server = createServer();
  try {
    await listen(server, port, address);
    return 'free';
  } catch (error) {
    if (await isGlue(localUrl(address, port))) return 'glue';
    throw new GlueError('GLUE_LISTEN', `cannot listen on ${address}, port ${port}: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    await close(server, 0);
  }
}

async function isGlue(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return healthSchema.safeParse(await response.json()).success;
  } catch {
    return false;
  }
}
