import type { SubRefreshResult } from '@wigwag/protocol'
import { ClientError } from '../error/client-error.ts'
import { Renewal } from '../state/renewal.ts'
import type { TokenSource } from '../state/token-source.ts'
import type { CreateTokens, TokenFailure, TokenHost, Tokens } from './tokens.ts'

/** Asks the application for a token. `undefined` or `null`: there is none to be had, because nobody is logged in. */
export type GetToken<Context> = (
  context: Context & { readonly signal: AbortSignal },
) => TokenAnswer | Promise<TokenAnswer>
type TokenAnswer = string | null | undefined

/** Whom to ask for tokens, and one to begin with. */
export interface AskedTokensOptions<Context> {
  readonly token?: string | undefined
  readonly getToken: GetToken<Context>
}

/** Tokens that the application is asked for: when there is none, when the hub says that it is too old, and in time before it is. */
export function askedTokens<Context = object>(options: AskedTokensOptions<Context>): CreateTokens {
  return (host) => new AskedTokens(options as AskedTokensOptions<object>, host)
}

/** One question at a time: a later one ends those before. */
class AskedTokens implements Tokens {
  readonly #getToken: GetToken<object>
  readonly #host: TokenHost
  readonly #renewal: Renewal
  #asking: AbortController | undefined
  token: string | undefined
  readonly source: TokenSource

  constructor({ token, getToken }: AskedTokensOptions<object>, host: TokenHost) {
    this.token = token
    this.source = token === undefined ? 'asked' : 'given-then-asked'
    this.#getToken = getToken
    this.#host = host
    this.#renewal = new Renewal(host.backoff, host.random)
  }

  ask(done: (failure: TokenFailure | undefined) => void): void {
    this.#stopAsking()
    const asking = new AbortController()
    this.#asking = asking
    void this.#answer(asking.signal).then((answer) => {
      if (this.#asking !== asking) return
      this.#asking = undefined
      if (typeof answer === 'string') {
        this.token = answer
        return done(undefined)
      }
      const { name, text, cause } = answer
      if (name === 'tokenFailed') {
        this.#host.failed(new ClientError('ERR_TOKEN', text, { cause, temporary: true }))
      }
      done(answer)
    })
  }

  stop(): void {
    this.#stopAsking()
    this.#renewal.stop()
  }

  holds({ expires, ttl }: SubRefreshResult): void {
    const { nowMs, due } = this.#host
    this.#renewal.holds(expires ? ttl : undefined, nowMs())
    due(this.nextDeadlineMs())
  }

  nextDeadlineMs(): number {
    return this.#renewal.nextDeadlineMs()
  }

  tick(nowMs: number): void {
    if (!this.#renewal.tick(nowMs)) return
    this.ask((failure) => {
      if (failure !== undefined) return this.#notRenewed(failure)
      this.#host.renew(this.token as string, (answer) => {
        if (answer instanceof ClientError) this.#notRenewed(answer)
        else this.holds(answer)
      })
    })
  }

  /** It is tried again, for as long as the hub has patience; or it is over. */
  #notRenewed(reason: TokenFailure | ClientError): void {
    const { isPatient, nowMs, due } = this.#host
    if (!isPatient(reason)) return
    this.#renewal.failed(nowMs())
    due(this.nextDeadlineMs())
  }

  #stopAsking(): void {
    this.#asking?.abort()
    this.#asking = undefined
  }

  async #answer(signal: AbortSignal): Promise<string | TokenFailure> {
    const { channel } = this.#host
    try {
      const token = await this.#getToken({ ...(channel !== undefined && { channel }), signal })
      return token ?? { name: 'unauthorized', text: 'getToken has no token' }
    } catch (cause) {
      const of = channel === undefined ? '' : ` of ${channel}`
      return { name: 'tokenFailed', text: `getToken${of} threw: ${cause}`, cause }
    }
  }
}
