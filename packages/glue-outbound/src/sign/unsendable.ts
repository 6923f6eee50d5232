/** Why a request cannot go: `internal` is our own fault, which may mend; `rendering` lies in the request for good. */
export class Unsendable {
  constructor(
    readonly cause: 'internal' | 'rendering',
    readonly reason: string,
  ) {}
}
