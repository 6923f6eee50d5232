import type { Json } from 'glue-core';
import type { Delivery, OutboundRequest, RequestOverrides } from '../delivery.js';
import { parseBaseUrl } from '../endpoint/base-url.js';
import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';
import { mergeHeaders, type Headers } from './merge-headers.js';
import { renderPath } from './path-template.js';
import { renderBody, type RenderedBody } from './render-body.js';
import { renderingError } from './rendering-error.js';
import { resolveValue } from './value-source.js';

/** Everything that a request is made of. */
export interface RenderInput {
  readonly delivery: Delivery;
  readonly config: OutboundEndpointConfig;
  /** Names Glue, unless somebody names something else. */
  readonly userAgent: string;
  /** From the backend; wins over the endpoint's. */
  readonly baseUrl?: string;
  /** From the backend; merged last. */
  readonly headers?: Headers;
}

/** Makes the request of a delivery. Pure: the same input gives the same request. @throws GLUE_RENDERING */
export function renderRequest({
  delivery,
  config,
  userAgent,
  baseUrl,
  headers,
}: RenderInput): OutboundRequest {
  const body = bodyOf(config, delivery.payload);
  return {
    method: config.method,
    url: `${originOf(baseUrl ?? config.baseUrl, delivery)}${renderPath(config.path, delivery.context)}`,
    headers: mergeHeaders(
      { 'user-agent': userAgent, ...(body && { 'content-type': body.contentType }) },
      ruleHeaders(config, delivery),
      delivery.headers,
      headers,
    ),
    ...(body && { body: body.text }),
  };
}

/** Applies what a handler changes. @throws GLUE_RENDERING */
export function overrideRequest(request: OutboundRequest, overrides: RequestOverrides = {}): OutboundRequest {
  return { ...request, ...overrides, headers: mergeHeaders(request.headers, overrides.headers) };
}

function bodyOf(
  { method, body }: OutboundEndpointConfig,
  payload: Json | undefined,
): RenderedBody | undefined {
  if (payload === undefined) return undefined;
  if (method === 'GET') throw renderingError('a GET request carries no body, but the delivery has a payload');
  return renderBody(body, payload);
}

function originOf(baseUrl: string | undefined, { endpoint }: Delivery): string {
  if (baseUrl === undefined)
    throw renderingError(`neither endpoint "${endpoint.code}" nor its backend gives a base URL`);
  const origin = parseBaseUrl(baseUrl);
  if (origin === undefined)
    throw renderingError(`the base URL for endpoint "${endpoint.code}" must be scheme and host only`);
  return origin;
}

function ruleHeaders({ headers }: OutboundEndpointConfig, delivery: Delivery): Record<string, string> {
  return Object.fromEntries(
    headers.map(({ name, value }) => {
      const resolved = resolveValue(value, delivery);
      return [name, typeof resolved === 'object' ? JSON.stringify(resolved) : String(resolved)];
    }),
  );
}
