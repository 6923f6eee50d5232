/** How much is measured. */
export interface Effort {
  readonly rounds: number;
  /** Of one load run. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Divides numbers of rows. */
  readonly divisor: number;
}

export const FULL: Effort = { rounds: 3, seconds: 5, warmUpSeconds: 2, divisor: 1 };
/** For trying: the figures say little. */
export const QUICK: Effort = { rounds: 1, seconds: 2, warmUpSeconds: 1, divisor: 10 };
