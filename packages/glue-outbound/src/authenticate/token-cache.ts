import { TokenFailure } from './token-failure.js';

/** A token as it is sent. */
export interface Token {
  readonly value: string;
  /** By the clock that only goes forward, in milliseconds; Infinity: until it is refused. */
  readonly usableUntilMs: number;
}

/** Tokens that are remembered so that the log does not keep them: also some that were sent before. */
const REMEMBERED = 8;

/** The token of one endpoint: kept while it is good, fetched once for all who wait. */
export class TokenCache {
  #token: Token | undefined;
  #fetching: Promise<Token | TokenFailure> | undefined;
  #seen: readonly string[] = [];

  /** Values of tokens, in clear. */
  get values(): readonly string[] {
    return this.#seen;
  }

  /** @param nowMs - by the clock that only goes forward */
  get(fetch: () => Promise<Token | TokenFailure>, nowMs: number): Promise<Token | TokenFailure> {
    if (this.#token && nowMs < this.#token.usableUntilMs) return Promise.resolve(this.#token);
    this.#fetching ??= this.#fetch(fetch);
    return this.#fetching;
  }

  /** A token that the receiver does not take is asked for no more; another one, that came since, stays. */
  forget(token: Token): void {
    if (this.#token === token) this.#token = undefined;
  }

  async #fetch(fetch: () => Promise<Token | TokenFailure>): Promise<Token | TokenFailure> {
    try {
      const answer = await fetch();
      if (answer instanceof TokenFailure) return answer;
      this.#token = answer;
      this.#seen = [answer.value, ...this.#seen].slice(0, REMEMBERED);
      return answer;
    } finally {
      this.#fetching = undefined;
    }
  }
}
