import type { ResolvedSessionOptions } from './session-options.ts'
import { TokenBucket, type TokenRate } from './token-bucket.ts'

/** How fast a session may send, for all sessions of a hub. */
export interface InboundRates {
  readonly bytes: TokenRate
  readonly commands: TokenRate
}

/** `'over'`: the command is refused. `'abuse'`: the client goes on as if it were not. */
export type RateVerdict = 'within' | 'over' | 'abuse'

/** How fast one session sends. */
export class InboundRate {
  readonly #bytes: TokenBucket
  readonly #commands: TokenBucket
  /** As many as may be carried out may be refused: whoever is twice as fast as it may for long does not listen. */
  #refusals: TokenBucket | undefined
  readonly #rates: InboundRates

  constructor(rates: InboundRates) {
    this.#rates = rates
    this.#bytes = new TokenBucket(rates.bytes)
    this.#commands = new TokenBucket(rates.commands)
  }

  /** Counts a message. Returns whether it may be read. */
  takeMessage(bytes: number, nowMs: number): boolean {
    return this.#bytes.take(nowMs, bytes) === 0
  }

  /** Counts a command, or whatever else a message is made of. */
  takeCommand(nowMs: number): RateVerdict {
    if (this.#commands.take(nowMs) === 0) return 'within'
    this.#refusals ??= new TokenBucket(this.#rates.commands)
    return this.#refusals.take(nowMs) === 0 ? 'over' : 'abuse'
  }
}

/** The rates of the options. */
export function inboundRatesOf(options: ResolvedSessionOptions): InboundRates {
  return {
    bytes: { perSecond: options.maxReceivedBytesPerSecond, burst: options.maxReceivedBurstBytes },
    commands: { perSecond: options.maxCommandsPerSecond, burst: options.maxCommandBurst },
  }
}
