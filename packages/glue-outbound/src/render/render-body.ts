import type { Json } from 'glue-core';
import { encodeForm } from './encode-form.js';
import { renderingError } from './rendering-error.js';

export type BodyMode = 'json' | 'form' | 'raw';

/** A body with its media type. */
export interface RenderedBody {
  readonly text: string;
  readonly contentType: string;
}

/** Encodes a payload as the endpoint asks. @throws GLUE_RENDERING when the payload does not fit the mode */
export function renderBody(mode: BodyMode, payload: Json): RenderedBody {
  switch (mode) {
    case 'json':
      return { text: JSON.stringify(payload), contentType: 'application/json' };
    case 'form':
      return { text: encodeForm(payload), contentType: 'application/x-www-form-urlencoded' };
    case 'raw':
      if (typeof payload !== 'string') throw renderingError('a raw body needs a text as payload');
      return { text: payload, contentType: 'text/plain; charset=utf-8' };
  }
}
