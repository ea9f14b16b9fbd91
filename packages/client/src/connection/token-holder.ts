import type { TokenSource } from '../state/token-source.ts'

/** Asks the application for a token. `undefined` or `null`: there is none to be had, because nobody is logged in. */
export type GetToken<Context> = (
  context: Context & { readonly signal: AbortSignal },
) => TokenAnswer | Promise<TokenAnswer>
type TokenAnswer = string | null | undefined

/** What became of asking. */
export type TokenOutcome =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly cause: unknown }

/** The token that there is, and whom to ask for another. One question at a time: a later one ends those before. */
export class TokenHolder<Context> {
  readonly #context: Context
  readonly #getToken: GetToken<Context> | undefined
  #asking: AbortController | undefined
  /** The token, if there is one. */
  token: string | undefined

  constructor(token: string | undefined, getToken: GetToken<Context> | undefined, context: Context) {
    this.token = token
    this.#getToken = getToken
    this.#context = context
  }

  get source(): TokenSource {
    if (this.#getToken === undefined) return 'none'
    return this.token === undefined ? 'asked' : 'given-then-asked'
  }

  /** Asks, and tells what came of it unless `stop` was called meanwhile. */
  ask(done: (outcome: TokenOutcome) => void): void {
    this.stop()
    const asking = new AbortController()
    this.#asking = asking
    void this.#ask(asking.signal).then((outcome) => {
      if (this.#asking !== asking) return
      this.#asking = undefined
      if (outcome.kind === 'token') this.token = outcome.token
      done(outcome)
    })
  }

  /** Nobody waits for an answer any more. */
  stop(): void {
    this.#asking?.abort()
    this.#asking = undefined
  }

  async #ask(signal: AbortSignal): Promise<TokenOutcome> {
    try {
      const token = await this.#getToken?.({ ...this.#context, signal })
      return token === undefined || token === null ? { kind: 'none' } : { kind: 'token', token }
    } catch (cause) {
      return { kind: 'failed', cause }
    }
  }
}
