import { pageMemory } from '../environment/page-memory.ts'
import type { CloseReasonName } from '../reason/close-reason.ts'
import type { Transport, TransportChoice, TransportChoiceHost } from '../transport/transport.ts'
import { probeTransport } from './transport-probe.ts'

/** No connection came to be: after one of these it may be the network that lets none through. */
const BLOCKED: ReadonlySet<CloseReasonName> = new Set([
  'unreachable',
  'forbidden',
  'notFound',
  'webSocketBlocked',
  'connectTimeout',
  'lost',
  'sendFailed',
])
/** A connection that was there, and deaf or dumb. */
const DEAF: ReadonlySet<CloseReasonName> = new Set(['noPing', 'replyTimeout', 'sendFailed'])
/** One that went deaf within so many milliseconds was so from the beginning. */
const DEAF_MS = 60_000
/** Attempts that may fail where one has worked before (count): servers start anew more often than networks change. */
const PATIENCE = 3
/** Longest wait before one is tried again that has worked, in milliseconds. */
const SOON_MS = 5000
/** Longest wait before better ones are tried, in milliseconds. */
const MAX_MOVE_UP_DELAY_MS = 3_600_000
/** A connection of the best one that lasted so many milliseconds was good. */
const GOOD_MS = 600_000
/** For how long one that is known to work waits for a moment in which nothing is lost, in looks, and milliseconds between them. */
const LOOKS = 30
const LOOK_MS = 1000
/** What worked is not remembered for longer, in milliseconds. */
export const MAX_MEMORY_AGE_MS = 86_400_000

/** Under what it is kept which transport to a hub worked. */
export function memoryKeyOf(url: URL): string {
  return `wigwag-transport ${url.host}${url.pathname}`
}

/** Several transports, the best first: down when one does not work, and up again later. */
export function fallback(transports: readonly Transport[], host: TransportChoiceHost): TransportChoice {
  const { nowMs, random, after, canMove, move, moveUpDelayMs, memory = pageMemory() } = host
  const key = memoryKeyOf(host.url)
  const known = memory?.recall(key, MAX_MEMORY_AGE_MS)
  const worked = new Set<Transport>()
  let index = Math.max(
    0,
    transports.findIndex(({ name }) => name === known),
  )
  /** Attempts over the present one that failed in a row (count). */
  let failures = 0
  /** How often better ones were tried (count). */
  let ascents = 0
  let connectedAtMs: number | undefined
  let stop = (): void => {}

  const present = (): Transport => transports[index] as Transport

  /** Behind the last comes the first: then it is not the network that keeps one out. */
  function descend(): void {
    failures = 0
    index = (index + 1) % transports.length
  }

  /** Stays for a while, and for longer each time; but not where a better one has worked, and perhaps nobody was there for any. */
  function rest(): void {
    const isLikely = transports.slice(0, index).some((each) => worked.has(each))
    const longestMs = isLikely ? SOON_MS : MAX_MOVE_UP_DELAY_MS
    const delayMs = Math.min(longestMs, moveUpDelayMs * 2 ** Math.min(ascents, 31))
    // All that came down together need not go up together.
    stop = after(delayMs * (1 - random() / 2), () => {
      ascents++
      attempt(0)
    })
  }

  function attempt(better: number): void {
    if (better >= index) rest()
    else {
      const candidate = transports[better] as Transport
      stop = probeTransport(candidate, host, (isThrough) => {
        if (isThrough) moveTo(better, LOOKS)
        else {
          worked.delete(candidate)
          attempt(better + 1)
        }
      })
    }
  }

  function moveTo(better: number, looks: number): void {
    if (canMove()) {
      index = better
      failures = 0
      // What ends now says nothing of the one that begins.
      connectedAtMs = undefined
      move()
    } else if (looks === 0) rest()
    else stop = after(LOOK_MS, () => moveTo(better, looks - 1))
  }

  return {
    get present() {
      return present()
    },
    connected() {
      connectedAtMs = nowMs()
      failures = 0
      worked.add(present())
      memory?.remember(key, index === 0 ? undefined : present().name)
      if (index > 0) rest()
    },
    ended({ name, code = 0 }) {
      stop()
      const lastedMs = connectedAtMs === undefined ? undefined : nowMs() - connectedAtMs
      connectedAtMs = undefined
      if (lastedMs === undefined) {
        // A hub that says why it ends a connection was reached.
        if (BLOCKED.has(name) && code < 3000 && ++failures >= (worked.has(present()) ? PATIENCE : 1)) descend()
      } else if (lastedMs < DEAF_MS && DEAF.has(name)) {
        worked.delete(present())
        descend()
      } else if (lastedMs >= GOOD_MS && index === 0) ascents = 0
    },
  }
}
