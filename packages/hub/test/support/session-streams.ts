import { LineSplitter } from '@wigwag/testkit/line-splitter'
import { onTestFinished } from 'vitest'
import { Arrivals } from './arrivals.ts'

/** What carries a session's packets down a response. */
export type SessionStreamName = 'http_stream' | 'sse'

/** Where what the client says is sent. */
export interface Address {
  readonly node: string
  readonly session: string
}

/** Any packet that came. */
interface AnyPacket {
  readonly id?: number
  readonly connect?: Partial<Address>
  readonly push?: Readonly<Record<string, unknown>>
}

/** A session over a stream, with all that came. */
export interface TestSessionStream {
  readonly packets: AnyPacket[]
  readonly address: Address
  readonly ended: Promise<void>
  until(isTrue: (packets: readonly AnyPacket[]) => boolean): Promise<void>
  leave(): void
}

interface StreamOptions {
  /** Default: one connect command. */
  readonly text?: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Asks for a stream. */
export function openStreamOf(
  origin: string,
  name: SessionStreamName,
  text: string,
  { query = '', headers = {}, signal }: StreamOptions = {},
): Promise<Response> {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const init = { headers, signal: signal ?? abort.signal }
  const url = `${origin}/connection/${name}?${query}`
  if (name === 'http_stream') return fetch(url, { ...init, method: 'POST', body: text })
  return fetch(`${url}&cf_connect=${encodeURIComponent(text)}`, init)
}

/** Opens a session, and waits for the first packet; leaves when the test is finished. */
export async function openSessionStream(
  origin: string,
  name: SessionStreamName,
  { text = '{"id":1,"connect":{}}', ...options }: StreamOptions = {},
): Promise<TestSessionStream> {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const response = await openStreamOf(origin, name, text, { ...options, signal: abort.signal })
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  const packets: AnyPacket[] = []
  const arrivals = new Arrivals()
  let hasEnded = false
  const read = async (): Promise<void> => {
    const lines = new LineSplitter()
    for await (const chunk of response.body ?? []) {
      for (const line of lines.take(chunk)) {
        const packet = name === 'sse' ? /^data: (.*)$/.exec(line)?.[1] : line
        if (packet) packets.push(JSON.parse(packet) as AnyPacket)
      }
      arrivals.tell()
    }
  }
  const ended = read()
    .catch(() => {})
    .then(() => {
      hasEnded = true
      arrivals.tell()
    })
  await arrivals.until(() => packets.length > 0 || hasEnded)
  const { node = '', session = '' } = packets[0]?.connect ?? {}
  return {
    packets,
    address: { node, session },
    ended,
    until: async (isTrue) => {
      await arrivals.until(() => isTrue(packets) || hasEnded)
      if (!isTrue(packets)) throw new Error(`It ended before that: ${JSON.stringify(packets)}`)
    },
    leave: () => abort.abort(),
  }
}

/** Sends what a client says. */
export function sendTo(origin: string, address: Address, data: string): Promise<Response> {
  return fetch(`${origin}/emulation`, { method: 'POST', body: JSON.stringify({ ...address, data }) })
}
