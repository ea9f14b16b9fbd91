import { type DisconnectCode, decodePackets } from '@wigwag/protocol'
import type { Transport, TransportChoiceHost } from '../transport/transport.ts'

/** What a hub answers to somebody who has not said who it is: that this comes too early. No session comes of it. */
const QUESTION = '{"id":1,"ping":{}}'

/** In other words. The compiler compares it with the protocol's. */
const TOO_EARLY: typeof DisconnectCode.badRequest = 3501

/** Looks whether a transport carries packets both ways, and tells once. Returns what stops it, untold. */
export function probeTransport(
  transport: Transport,
  { url, connectTimeoutMs, after }: TransportChoiceHost,
  done: (isThrough: boolean) => void,
): () => void {
  let isOver = false
  const stop = (): void => {
    if (isOver) return
    isOver = true
    cancel()
    open.close()
  }
  const end = (isThrough: boolean): void => {
    if (isOver) return
    stop()
    done(isThrough)
  }
  const cancel = after(connectTimeoutMs, () => end(false))
  const open = transport.open(url, {
    greeting: () => QUESTION,
    received: (text) => end(decodePackets(text) !== undefined),
    closed: ({ code }) => end(code === TOO_EARLY),
    after,
  })
  return stop
}
