import type { HeaderLists } from 'glue-core';

/** A request as received, wholly read. */
export interface RawRequest {
  /** Every value by itself, by lower-case name. */
  readonly headers: HeaderLists;
  /** Path and query. */
  readonly url: string;
  readonly body: Buffer;
}
