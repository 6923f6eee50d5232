import type { Json } from 'glue-core';
import type { Delivery, OutboundRequest } from '../delivery.js';
import { parseBaseUrl } from '../endpoint/base-url.js';
import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';
import { applyHeaderRules } from './header-rule.js';
import { mergeHeaders, type Headers } from './merge-headers.js';
import { renderPath } from './path-template.js';
import { applyPayloadRules } from './payload-rule.js';
import { renderBody, type RenderedBody } from './render-body.js';
import { renderingError } from './rendering-error.js';

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
  const url = `${originOf(baseUrl ?? config.baseUrl, delivery)}${renderPath(config.path, delivery.context)}`;
  const queued = { delivery, payload: delivery.payload, headers: delivery.headers };
  const payload = applyPayloadRules(config.payload, queued);
  const { contentType, ...body } = bodyOf(config, payload, delivery.id);
  return {
    method: config.method,
    url,
    headers: mergeHeaders(
      { 'user-agent': userAgent, ...(contentType !== undefined && { 'content-type': contentType }) },
      applyHeaderRules(config.headers, { ...queued, payload }),
      headers,
    ),
    ...body,
  };
}

function bodyOf(
  config: OutboundEndpointConfig,
  payload: Json | undefined,
  deliveryId: string,
): Partial<RenderedBody> {
  if (payload === undefined) return {};
  if (config.method === 'GET')
    throw renderingError('a GET request carries no body, but the delivery has a payload');
  return renderBody(config, payload, deliveryId);
}

function originOf(baseUrl: string | undefined, { endpoint }: Delivery): string {
  if (baseUrl === undefined)
    throw renderingError(`neither endpoint "${endpoint.code}" nor its backend gives a base URL`);
  const origin = parseBaseUrl(baseUrl);
  if (origin === undefined)
    throw renderingError(`the base URL for endpoint "${endpoint.code}" must be scheme and host only`);
  return origin;
}
