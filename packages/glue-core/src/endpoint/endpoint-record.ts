import type { BackendReference } from '../naming/backend-reference.js';
import type { Fields } from '../seeds/merge-fields.js';

/** `disabled` is set by Glue itself with a reason (a receiver that is gone); a person activates again. */
export type EndpointState = 'draft' | 'active' | 'paused' | 'disabled' | 'archived';

/** Where traffic enters or leaves: what both sides' endpoints have in common. */
export interface EndpointRecord<Config = unknown> {
  readonly id: number;
  readonly name: string;
  /** Unique across all companies and backends of a side. Derived while the endpoint is linked. */
  readonly code: string;
  readonly suffix: string;
  readonly state: EndpointState;
  /** Why the state is what it is, where Glue changed it. */
  readonly reason?: string;
  readonly company: string;
  /** `<connector>:<handler>` */
  readonly handler?: string;
  readonly backend?: BackendReference;
  /** Last segment of the URL; inbound only. */
  readonly path?: string;
  /** `<connector>:<id>` of the seed that it came from. */
  readonly seedId?: string;
  readonly config: Config;
  readonly version: number;
}

/** An endpoint as API and CLI show it: also one whose configuration is not valid, so that it hides no other. */
export interface EndpointView<Config = unknown> extends Omit<EndpointRecord<Config>, 'config'> {
  /** With defaults; undefined while it is not valid, say since its side is newer. */
  readonly config: Config | undefined;
  /** As it was written, without defaults: what an edit starts from. */
  readonly written: Fields;
  /** What keeps it from being active; of an active one, what is broken by now. Empty when it is complete. */
  readonly problems: readonly string[];
}
