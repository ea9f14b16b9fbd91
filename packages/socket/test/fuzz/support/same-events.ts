import type { SinkEvent } from '@wigwag/socket/testing'

/** Whether two sinks were told the same: in place of a deep comparison that takes longer than what it compares. */
export function sameEvents(some: readonly SinkEvent[], others: readonly SinkEvent[]): boolean {
  return some.length === others.length && some.every((event, i) => isSame(event, others[i] as SinkEvent))
}

function isSame(one: SinkEvent, other: SinkEvent): boolean {
  if (one.type === 'message' && other.type === 'message') {
    return one.messageType === other.messageType && isSameData(one.data, other.data)
  }
  if ((one.type === 'ping' || one.type === 'pong') && one.type === other.type) {
    return isSameData(one.payload, other.payload)
  }
  if (one.type === 'closing' && other.type === 'closing') {
    return one.close.code === other.close.code && one.close.reason === other.close.reason
  }
  if (one.type === 'closed' && other.type === 'closed') {
    const [a, b] = [one.outcome, other.outcome]
    return a.code === b.code && a.reason === b.reason && a.clean === b.clean && a.error?.message === b.error?.message
  }
  return one.type === other.type
}

function isSameData(one: string | Uint8Array, other: string | Uint8Array): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other
  return Buffer.compare(one, other) === 0
}
