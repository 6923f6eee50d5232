import { apiKeyHeader, queryOf, withQuery, type ApiKeyPlace } from 'glue-core';
import type { OutboundRequest } from '../delivery.js';
import { Unsendable } from '../sign/unsendable.js';

/** `Authorization: <scheme> <credentials>` (RFC 9110 §11.6.2). */
export function withAuthorization(
  request: OutboundRequest,
  scheme: 'Basic' | 'Bearer',
  credentials: string,
): OutboundRequest {
  return withHeader(request, 'authorization', `${scheme} ${credentials}`);
}

/** A key in a header, or in the query beside what is there. */
export function withApiKey(
  request: OutboundRequest,
  place: ApiKeyPlace,
  key: string,
): OutboundRequest | Unsendable {
  if ('header' in place) return withHeader(request, place.header, apiKeyHeader(place.prefix, key));
  if (!queryOf(request.url).has(place.query))
    return { ...request, url: withQuery(request.url, place.query, key) };
  return new Unsendable(
    'rendering',
    `the query parameter "${place.query}" is written by the authentication of the endpoint: take it out of path and hooks`,
  );
}

function withHeader(request: OutboundRequest, name: string, value: string): OutboundRequest {
  return { ...request, headers: { ...request.headers, [name]: value } };
}
