import { expect } from 'vitest'
import { ask, type Front, openStream, originOf, type Stream } from './front.ts'
import type { Way } from './ways.ts'

const CONNECT = '{"id":1,"connect":{}}'

interface Address {
  readonly node: string
  readonly session: string
}

interface PolledAnswer {
  readonly last: number
  readonly packets: readonly { readonly connect?: Address }[]
}

let channels = 0
const newChannel = (): string => `session-way-${++channels}`

const post = (front: Front, path: string, body: unknown): ReturnType<typeof ask> =>
  ask(front, path, { method: 'POST', body: JSON.stringify(body), headers: { origin: originOf(front) } })

const subscribe = async (front: Front, { node, session }: Address, channel: string): Promise<void> => {
  const data = JSON.stringify({ id: 2, subscribe: { channel } })
  expect((await post(front, '/emulation', { node, session, data })).status).toBe(204)
}

/** A session over a stream hears each publication before the next one. */
async function checkStream(front: Front, stream: Stream): Promise<void> {
  expect(stream.response.statusCode).toBe(200)
  const text = await stream.until(/"session":.*\}\n/)
  const [node = '', session = ''] = ['node', 'session'].map((name) => new RegExp(`"${name}":"([^"]+)"`).exec(text)?.[1])
  const channel = newChannel()
  await subscribe(front, { node, session }, channel)
  await stream.until(/"id":2/)
  for (const data of ['one', 'two', 'three']) {
    await ask(front, `/channel/${channel}`, { method: 'POST', body: data })
    await stream.until(new RegExp(`"data":"${data}"`))
  }
}

/** Every way to have a session without a WebSocket, by a page. */
export const SESSION_WAYS: readonly Way[] = [
  {
    name: 'a session of a page over a stream of lines',
    needsUpgrade: false,
    async check(front) {
      const headers = { origin: originOf(front) }
      using stream = await openStream(front, '/connection/http_stream', { method: 'POST', body: CONNECT, headers })
      await checkStream(front, stream)
    },
  },
  {
    name: 'a session of a page over an event stream',
    needsUpgrade: false,
    async check(front) {
      const headers = { accept: 'text/event-stream', origin: originOf(front) }
      const path = `/connection/sse?cf_connect=${encodeURIComponent(CONNECT)}`
      using stream = await openStream(front, path, { headers })
      await checkStream(front, stream)
    },
  },
  {
    name: 'a session of a page that polls',
    needsUpgrade: false,
    async check(front) {
      const poll = async (body: object): Promise<PolledAnswer> => {
        const { status, body: text } = await post(front, '/connection/long_poll?wait=20', body)
        expect(status).toBe(200)
        return JSON.parse(text) as PolledAnswer
      }
      const first = await poll({ id: 1, connect: {} })
      const { node = '', session = '' } = first.packets[0]?.connect ?? {}
      const channel = newChannel()
      await subscribe(front, { node, session }, channel)
      const subscribed = await poll({ node, session, last: first.last })
      expect(subscribed.packets).toMatchObject([{ id: 2, subscribe: {} }])
      const waiting = poll({ node, session, last: subscribed.last })
      await ask(front, `/channel/${channel}`, { method: 'POST', body: 'what it waits for' })
      expect((await waiting).packets).toMatchObject([{ push: { channel, pub: { data: 'what it waits for' } } }])
    },
  },
]
