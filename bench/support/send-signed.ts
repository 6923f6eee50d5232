import { createHmac, randomUUID } from 'node:crypto';
import { request } from 'undici';

const KEY = Buffer.alloc(24, 7);

/** What a team would write without Glue: signs as Standard Webhooks says, posts, and throws unless it is accepted. */
export async function sendSigned(url: string, body: string): Promise<number> {
  const id = `msg_${randomUUID()}`;
  const timestamp = `${Math.floor(Date.now() / 1000)}`;
  const signature = createHmac('sha256', KEY).update(`${id}.${timestamp}.${body}`).digest('base64');
  return post(url, body, {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  });
}

/** Posts JSON and reads the answer. @throws unless it is accepted */
export async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  await answer.body.text();
  if (answer.statusCode > 299) throw new Error(`the sink answered ${answer.statusCode}`);
  return answer.statusCode;
}
