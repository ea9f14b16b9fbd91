import type { Position } from '@wigwag/hub'
import { Centrifuge } from 'centrifuge'
import type { Account } from './account.ts'
import { CHANNEL, type ChaosData, RETRY_MS, sleep } from './chaos-channel.ts'
import { CLIENT_TRANSPORTS, followByClient } from './page-clients.ts'
import { followPolledSession } from './page-polled-session.ts'

/** How long a poll waits, in seconds. */
const WAIT_SECONDS = 20
/** How often it is asked that does not wait, in milliseconds. */
const INTERVAL_MS = 100

/** Follows the channel at `base` for as long as the page is open, and comes back whatever happens. */
type Follow = (base: string, account: Account) => void

/** A line of `wigwag.publication.v1`, or of a stream of lines, or of a poll's array. */
interface Line extends Partial<Position> {
  readonly data?: ChaosData
  readonly gap?: object
  readonly live?: { readonly position: string }
}

/** As pages are written that know no library; with npm's; and with our client. */
export const FOLLOWERS: Readonly<Record<string, Follow>> = {
  websocket: (base, account) => {
    const open = (): void => {
      const after = account.after === undefined ? '' : `&after=${account.after}`
      const url = `${base.replace('http', 'ws')}/channel/${CHANNEL}?live=1${after}`
      const socket = new WebSocket(url, 'wigwag.publication.v1')
      socket.onopen = () => account.connected()
      socket.onmessage = ({ data }) => take(JSON.parse(data) as Line, account)
      socket.onclose = () => setTimeout(open, RETRY_MS)
    }
    open()
  },
  sse: (base, account) => {
    const open = (): void => {
      const after = account.after === undefined ? '' : `?after=${account.after}`
      const source = new EventSource(`${base}/channel/${CHANNEL}${after}`)
      source.onopen = () => account.connected()
      source.onmessage = ({ data, lastEventId }) =>
        account.published(readPosition(lastEventId), JSON.parse(data) as ChaosData)
      source.addEventListener('live', ({ lastEventId }) => account.standing(readPosition(lastEventId)))
      source.addEventListener('gap', () => account.gap())
      // It comes back by itself, but not after an answer that is no event stream, such as a proxy's 502.
      source.onerror = () => {
        if (source.readyState === EventSource.CLOSED) setTimeout(open, RETRY_MS)
      }
    }
    open()
  },
  'http-stream': async (base, account) => {
    for (;;) {
      try {
        const after = account.after === undefined ? '' : `?after=${account.after}`
        const answer = await fetch(`${base}/channel/${CHANNEL}${after}`, {
          headers: { accept: 'application/x-ndjson' },
        })
        if (answer.ok && answer.body !== null) await readLines(answer.body, account)
      } catch {
        // The network: come back.
      }
      await sleep(RETRY_MS)
    }
  },
  'long-poll': (base, account) => void poll(`${base}/channel/${CHANNEL}?wait=${WAIT_SECONDS}`, 0, account),
  poll: (base, account) => void poll(`${base}/channel/${CHANNEL}`, INTERVAL_MS, account),
  'session, websocket': (base, account) =>
    followSession(account, [
      { transport: 'websocket', endpoint: `${base.replace('http', 'ws')}/connection/websocket` },
    ]),
  'session, sse': (base, account) =>
    followSession(account, [{ transport: 'sse', endpoint: `${base}/connection/sse` }], `${base}/emulation`),
  'session, http-stream': (base, account) =>
    followSession(
      account,
      [{ transport: 'http_stream', endpoint: `${base}/connection/http_stream` }],
      `${base}/emulation`,
    ),
  'session, long-poll': (base, account) =>
    void followPolledSession(base, { waitSeconds: WAIT_SECONDS, intervalMs: 0 }, account),
  'session, poll': (base, account) =>
    void followPolledSession(base, { waitSeconds: 0, intervalMs: INTERVAL_MS }, account),
  ...Object.fromEntries(
    Object.entries(CLIENT_TRANSPORTS).map(([name, create]): [string, Follow] => [
      name,
      (base, account) => followByClient(base, account, create()),
    ]),
  ),
}

function take({ data, gap, live, epoch, offset }: Line, account: Account): void {
  if (live !== undefined) account.standing(readPosition(live.position))
  else if (gap !== undefined) account.gap()
  else if (data !== undefined && epoch !== undefined && offset !== undefined) account.published({ epoch, offset }, data)
}

async function readLines(body: ReadableStream<Uint8Array<ArrayBuffer>>, account: Account): Promise<void> {
  account.connected()
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  for (let rest = ''; ; ) {
    const { done, value } = await reader.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(JSON.parse(line) as Line, account)
  }
}

async function poll(url: string, intervalMs: number, account: Account): Promise<void> {
  for (let tag: string | null = null; ; ) {
    if (tag !== null) await sleep(intervalMs)
    try {
      // The first asks where the channel stands.
      const isFirst = tag === null
      const answer: Response = isFirst
        ? await fetch(url.replace(/\?.*/, ''))
        : await fetch(url, { headers: { 'if-none-match': tag ?? '' } })
      if (!answer.ok && answer.status !== 304) throw new Error(String(answer.status))
      account.connected()
      const lines = isFirst || answer.status !== 200 ? [] : ((await answer.json()) as Line[])
      if (answer.headers.has('Wigwag-Gap')) account.gap()
      tag = answer.headers.get('ETag')
      // Where nothing is held behind a gap, it is the tag that says where that ends.
      const isPlaced = isFirst || (answer.headers.has('Wigwag-Gap') && lines.length === 0)
      if (isPlaced && tag !== null) account.standing(readPosition(tag.slice(1, -1)))
      for (const line of lines) take(line, account)
    } catch {
      await sleep(RETRY_MS)
    }
  }
}

function followSession(
  account: Account,
  transports: ConstructorParameters<typeof Centrifuge>[0],
  emulation = '',
): void {
  const client = new Centrifuge(transports, {
    minReconnectDelay: 20,
    maxReconnectDelay: 300,
    ...(emulation !== '' && { emulationEndpoint: emulation }),
  })
  client.on('connected', () => account.connected())
  const subscription = client.newSubscription(CHANNEL, { minResubscribeDelay: 20, maxResubscribeDelay: 300 })
  subscription.on('subscribed', ({ wasRecovering, recovered, streamPosition }) => {
    const { epoch = '', offset = 0 } = streamPosition ?? {}
    account.subscribed(wasRecovering, recovered, { epoch, offset })
  })
  subscription.on('publication', ({ data, offset = 0 }) => {
    account.published({ epoch: account.after?.split(':')[0] ?? '', offset }, data as ChaosData)
  })
  subscription.subscribe()
  client.connect()
}

function readPosition(text: string): Position {
  const [epoch = '', offset = ''] = text.split(':')
  return { epoch, offset: Number(offset) }
}
