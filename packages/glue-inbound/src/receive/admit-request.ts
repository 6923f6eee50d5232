import type { ReadyEndpoint } from '../endpoint/open-endpoint.js';
import type { Answer } from './answers.js';
import type { Arrival, ReceiveTools, Refused } from './arrival.js';
import { askChallenges } from './ask-challenges.js';
import { checkContent } from './check-content.js';
import { receiveRequest } from './receive-request.js';
import { Refusal } from './refusal.js';

/**
 * From the headers of a request to its answer. What the headers alone decide comes first, so that nothing is read of
 * a request that is refused anyway.
 * @throws GLUE_OVERLOADED, GLUE_STORE_UNAVAILABLE, and what a connector throws; nothing that a caller can send
 */
export async function admitRequest(
  arrival: Arrival,
  open: ReadyEndpoint,
  tools: ReceiveTools,
): Promise<Answer | Refused> {
  const { incoming, method } = arrival;
  const { limits } = open.endpoint.config;
  const content = method === 'POST' ? checkContent(incoming, limits, open.edge) : {};
  if (content instanceof Refusal) return { refusal: content };
  if (!isAllowed(arrival, open)) return { refusal: new Refusal('ip', 'the address is none that may call') };
  const leave = tools.admission.enter(open.id, limits);
  if (leave instanceof Refusal) return { refusal: leave };
  const memory = tools.memory.share(open.id);
  try {
    return method === 'POST'
      ? await receiveRequest(arrival, content, open, memory, tools)
      : await receiveQuestion(arrival, open, tools);
  } finally {
    memory.giveBack();
    leave();
  }
}

function isAllowed({ address }: Arrival, { edge }: ReadyEndpoint): boolean {
  if (!edge.mayCall) return true;
  const caller = address();
  return caller !== undefined && edge.mayCall(caller);
}

/** A GET has no signature: it is a challenge that meets its conditions, or proves nothing. */
async function receiveQuestion(
  { incoming, url }: Arrival,
  open: ReadyEndpoint,
  tools: ReceiveTools,
): Promise<Answer | Refused> {
  const request = { method: 'GET', url, headers: incoming.headersDistinct, body: Buffer.alloc(0) } as const;
  const answer = await askChallenges(request, open, tools);
  return answer ?? { refusal: new Refusal('signature', 'the request meets the conditions of no challenge') };
}
