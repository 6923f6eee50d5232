import type { WorkState } from 'glue-core';
import type { InboundEndpointConfig } from '../endpoint/endpoint-config.js';

/** An event as it lies in its table. Numbers of 64 bits may come as text from MySQL. */
export interface EventRow {
  id: string;
  endpoint_id: number;
  state: WorkState;
  due_at: number | string | null;
  attempts: number;
  failures: number;
  ordering_key: string | null;
  note: string | null;
  finished_at: number | string | null;
  kind: 'primary' | 'replay';
  type: string;
  delivery_key: string;
  delivery_key_source: InboundEndpointConfig['identity']['delivery'] | 'replay';
  replay_key: string | null;
  primary_id: string | null;
  handler: string | null;
  backend_type: string | null;
  backend_id: number | null;
  received_at: number | string;
  duplicates: number;
  last_duplicate_at: number | string | null;
}

export interface PayloadRow {
  event_id: string;
  headers: string;
  body: Buffer;
  semantics: string;
}
