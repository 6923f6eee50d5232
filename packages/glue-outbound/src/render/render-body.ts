import type { Json } from 'glue-core';
import type { BodyPart } from '../delivery.js';
import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';
import { encodeForm } from './encode-form.js';
import { encodeMultipart } from './encode-multipart.js';
import { fileBytes, UNKNOWN_TYPE } from './file-bytes.js';
import { fileOf } from './form-fields.js';
import { renderingError } from './rendering-error.js';

/** A body with its media type. */
export interface RenderedBody {
  readonly body: string | Uint8Array;
  readonly contentType: string;
  /** Of a multipart body. */
  readonly parts?: readonly BodyPart[];
}

/**
 * Encodes a payload as the endpoint asks.
 * @param deliveryId - makes the bytes of a multipart body the same in each attempt
 * @throws GLUE_RENDERING when the payload does not fit the mode
 */
export function renderBody(
  { body: mode, formArrays }: Pick<OutboundEndpointConfig, 'body' | 'formArrays'>,
  payload: Json,
  deliveryId: string,
): RenderedBody {
  switch (mode) {
    case 'json':
      return { body: JSON.stringify(payload), contentType: 'application/json' };
    case 'form':
      return { body: encodeForm(payload, formArrays), contentType: 'application/x-www-form-urlencoded' };
    case 'multipart': {
      const { bytes, ...about } = encodeMultipart(payload, formArrays, deliveryId);
      return { body: bytes, ...about };
    }
    case 'raw':
      return rawBody(payload);
  }
}

function rawBody(payload: Json): RenderedBody {
  if (typeof payload === 'string') return { body: payload, contentType: 'text/plain; charset=utf-8' };
  const file = fileOf(payload, 'payload');
  if (!file) throw renderingError('a raw body needs a text or a file ($file) as payload');
  return { body: fileBytes(file, 'payload'), contentType: file.type ?? UNKNOWN_TYPE };
}
