import type { CloseReason } from '../reason/close-reason.ts'
import type { Transport, TransportChoice } from './transport.ts'

/** One transport after the other, round and round, until one gets a connection; that one is kept. */
export function inOrder(transports: readonly Transport[]): TransportChoice {
  let chosen = 0
  return {
    get present() {
      return transports[chosen % transports.length] as Transport
    },
    connected() {},
    ended({ name }: CloseReason) {
      if (name === 'unreachable' || name === 'connectTimeout') chosen++
    },
  }
}
