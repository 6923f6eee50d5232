/** What the connections of an endpoint have that others do not; shared by those that have the same. */
export interface Transport {
  /** The same for the same; empty where there is nothing. */
  readonly id: string;
  /** By which the host proves who it is, PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** Authorities that are trusted beside those that Node trusts, PEM. */
  readonly authorities?: string;
}

export const PLAIN: Transport = { id: '' };
