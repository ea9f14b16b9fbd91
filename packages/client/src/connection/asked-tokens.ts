import type { SubRefreshResult } from '@wigwag/protocol'
import { ClientError } from '../error/client-error.ts'
import { type Refusal, refusalOf } from '../reason/refusal.ts'
import { backoffDelay } from '../time/backoff.ts'
import type { CreateTokens, TokenHost, Tokens, TokenVerdict } from './tokens.ts'

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
  return (host) => keepAsking(options as AskedTokensOptions<object>, host)
}

/** After these another token may do. */
const VOID: ReadonlySet<string> = new Set(['tokenExpired', 'expired', 'stateInvalidated'])

const PATIENT: ReadonlySet<string> = new Set(['tokenFailed', 'refusedForNow', 'tokenExpired'])

/** One question at a time: a later one ends those before. */
function keepAsking({ token: given, getToken }: AskedTokensOptions<object>, host: TokenHost): Tokens {
  const { channel, options, commands, emit, over } = host
  const { after, random } = options
  let token = given
  let isGood = given !== undefined
  let failures = 0
  let asking: AbortController | undefined
  let cancelRenewal = (): void => {}

  async function answerOf(signal: AbortSignal): Promise<string | Refusal> {
    try {
      const answer = await getToken({ ...(channel !== undefined && { channel }), signal })
      return answer ?? { name: 'unauthorized', text: 'getToken has no token' }
    } catch (cause) {
      const of = channel === undefined ? '' : ` of ${channel}`
      return { name: 'tokenFailed', text: `getToken${of} threw: ${cause}`, cause }
    }
  }

  async function question(done: (refusal?: Refusal) => void): Promise<void> {
    stop()
    const own = new AbortController()
    asking = own
    const answer = await answerOf(own.signal)
    if (asking !== own) return
    if (typeof answer === 'string') {
      token = answer
      isGood = true
      return done()
    }
    const { name, text, cause } = answer
    if (name === 'tokenFailed') emit('error', new ClientError('ERR_TOKEN', text, { cause, temporary: true }))
    done(answer)
  }

  function renewIn(delayMs: number): void {
    cancelRenewal()
    cancelRenewal = after(
      delayMs,
      () => void question((refusal) => (refusal === undefined ? renew() : notRenewed(refusal))),
    )
  }

  /** Brings it to the hub. */
  function renew(): void {
    const own = asking
    const renewed = { token: token as string }
    const done = (answer: SubRefreshResult | ClientError): void => {
      // Whoever has stopped waiting has another connection, or another subscription.
      if (asking !== own) return
      if (answer instanceof ClientError) notRenewed(refusalOf(answer, true))
      else holds(answer)
    }
    if (channel === undefined) commands.ask('refresh', renewed, done)
    else commands.ask('sub_refresh', { channel, ...renewed }, done)
  }

  /**
   * It is tried again: without another token the hub ends the session in time, or the subscription, which comes back with one. Or it is
   * over.
   */
  function notRenewed(refusal: Refusal): void {
    if (PATIENT.has(refusal.name)) renewIn(backoffDelay(options, failures++, random()))
    else over(refusal)
  }

  function holds({ expires, ttl }: SubRefreshResult): void {
    failures = 0
    cancelRenewal()
    if (expires && ttl !== undefined) renewIn(ttl * 1000)
  }

  function stop({ phase, reason }: TokenVerdict = { phase: '' }): void {
    asking?.abort()
    asking = undefined
    cancelRenewal()
    // Whoever comes back later has perhaps logged in meanwhile, or is somebody else: also behind `disconnect()` and `unsubscribe()`.
    const isOver = phase === 'disconnected' || phase === 'unsubscribed'
    if (isOver || (reason && VOID.has(reason.name))) isGood = false
  }

  return {
    get token() {
      return token
    },
    isAsked: true,
    ask(done) {
      if (isGood) done()
      else void question(done)
    },
    stop,
    invalidate() {
      isGood = false
    },
    holds,
  }
}
