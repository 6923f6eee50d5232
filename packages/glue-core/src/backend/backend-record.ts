/** One configured account of a connector, without its settings. */
export interface BackendRecord {
  readonly id: number;
  readonly type: string;
  readonly code: string;
  readonly name: string;
  readonly company: string;
  readonly active: boolean;
  /** Grows with every change. */
  readonly version: number;
}

/** What to know of a secret without knowing it. */
export interface SecretView {
  readonly set: true;
  readonly lastFour: string;
}

/** A backend record as API and CLI show it: secrets are only said to be set. */
export interface BackendView extends BackendRecord {
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The tenant of records that name none. */
export const DEFAULT_COMPANY = 'default';

/** What a backend record is made of. */
export interface NewBackend {
  readonly type: string;
  readonly name: string;
  /** Slugged. @defaultValue the slug of the name, or `backend` */
  readonly code?: string;
  /** @defaultValue `default` */
  readonly company?: string;
  /** @defaultValue true */
  readonly active?: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
}
