import { onTestFinished } from 'vitest'
import type { Address } from './session-streams.ts'

/** What a poll was answered with. */
export interface PollAnswer {
  readonly status: number
  readonly last: number
  readonly packets: readonly Readonly<Record<string, unknown>>[]
}

/** A client that polls by hand. */
export interface PollingSession {
  readonly address: Address
  /** Where it stands. */
  last: number
  /** All that came, in order. */
  readonly packets: Readonly<Record<string, unknown>>[]
  /** Asks, from where it stands or from somewhere else; takes the answer, unless that is told as lost. */
  poll(options?: {
    readonly last?: number
    readonly wait?: number
    readonly lost?: boolean
    readonly at?: string
  }): Promise<PollAnswer>
  /** Polls until something holds of all that came. */
  until(isTrue: (packets: PollingSession['packets']) => boolean): Promise<void>
}

/** Sends a body to the door of polls. */
export async function askPoll(origin: string, body: string, query = '', signal?: AbortSignal): Promise<PollAnswer> {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const url = `${origin}/connection/long_poll?${query}`
  const response = await fetch(url, { method: 'POST', body, signal: signal ?? abort.signal })
  const text = await response.text()
  const { last, packets } = response.status === 200 ? (JSON.parse(text) as PollAnswer) : { last: -1, packets: [] }
  return { status: response.status, last, packets }
}

/** Opens a session that is polled. */
export async function openPolling(
  origin: string,
  { text = '{"id":1,"connect":{}}', query = '' } = {},
): Promise<PollingSession> {
  const first = await askPoll(origin, text, query)
  const { node = '', session = '' } = (first.packets[0]?.['connect'] ?? {}) as Partial<Address>
  const polling: PollingSession = {
    address: { node, session },
    last: first.last,
    packets: [...first.packets],
    poll: async ({ last = polling.last, wait, lost = false, at = origin } = {}) => {
      const body = JSON.stringify({ node, session, last })
      const answer = await askPoll(at, body, wait === undefined ? '' : `wait=${wait}`)
      if (lost || answer.status !== 200) return answer
      polling.last = answer.last
      polling.packets.push(...answer.packets)
      return answer
    },
    until: async (isTrue) => {
      while (!isTrue(polling.packets)) {
        const { status } = await polling.poll()
        if (status !== 200) throw new Error(`A poll was answered with ${status}.`)
      }
    },
  }
  return polling
}
