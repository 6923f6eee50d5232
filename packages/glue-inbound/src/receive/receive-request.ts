import { GlueError, newId } from 'glue-core';
import type { ReadyEndpoint } from '../endpoint/open-endpoint.js';
import { chooseHandler } from '../process/choose-handler.js';
import type { NewEvent } from '../store/new-event.js';
import type { Answer } from './answers.js';
import type { Arrival, ReceiveTools, Refused } from './arrival.js';
import { askChallenges } from './ask-challenges.js';
import type { BodyShare } from './body-memory.js';
import type { AnnouncedContent } from './check-content.js';
import { identify } from './identify.js';
import type { ProvenRequest } from './identify-source.js';
import { inflate } from './inflate.js';
import { parsePayload } from './parse-payload.js';
import type { RawRequest } from './raw-request.js';
import { readBody } from './read-body.js';
import { redactHeaders } from './redact-headers.js';
import { Refusal } from './refusal.js';

/** From the open connection to the answer: read, verify, and only then look and store. */
export async function receiveRequest(
  { incoming, url, method }: Arrival,
  { compression }: AnnouncedContent,
  open: ReadyEndpoint,
  memory: BodyShare,
  tools: ReceiveTools,
): Promise<Answer | Refused> {
  const { limits, payload: contract } = open.endpoint.config;
  const body = await readBody(incoming, limits, memory, tools.clock);
  if (body instanceof Refusal) return { refusal: body };
  const content = compression ? await inflate(compression, body, limits, memory) : body;
  if (content instanceof Refusal) return { refusal: content };

  // What the provider sent is proven, and kept; what that holds is looked at.
  const received = { headers: incoming.headersDistinct, url, body };
  const unproven = await open.verifier.verify(received, tools.now());
  if (unproven) return { refusal: unproven };
  const proven = compression ? { ...received, body: content } : received;
  const payload = parsePayload(contract, content);
  if (payload instanceof Refusal) return { refusal: payload, proven };
  const request = { ...proven, ...payload };
  const asks = open.edge.challenges.POST.length > 0;
  const answer = asks && (await askChallenges({ ...request, method }, open, tools));
  if (answer) return answer;
  const event = eventOf(request, received, open, tools.now());
  if (event instanceof Refusal) return { refusal: event, proven };
  try {
    return open.edge.acknowledge(await tools.append(event));
  } catch (error) {
    if (!isTooLargeToStore(error)) throw error;
    // No fault of the provider's, who may come again: an operator can mend it meanwhile.
    const detail = `${error.message}; raise it, or lower limits.maxBytes of the endpoint`;
    return { refusal: new Refusal('configuration', detail), proven };
  }
}

function isTooLargeToStore(error: unknown): error is GlueError {
  return error instanceof GlueError && error.code === 'GLUE_DATABASE_PACKET_TOO_LARGE';
}

function eventOf(
  request: ProvenRequest,
  { headers, body }: RawRequest,
  { endpoint, functions, secretHeaders }: ReadyEndpoint,
  nowMs: number,
): NewEvent | Refusal {
  const identity = identify(endpoint.config, request, functions);
  if (identity instanceof Refusal) return identity;
  const handler = chooseHandler(endpoint, identity.semantics);
  return {
    id: newId(nowMs),
    endpointId: endpoint.id,
    ...identity,
    headers: redactHeaders(headers, secretHeaders),
    body,
    rearm: endpoint.config.rearmDuplicates,
    ...(handler !== undefined && { handler }),
    ...(endpoint.backend && { backend: endpoint.backend }),
  };
}
