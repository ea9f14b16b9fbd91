import type { IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'
import { expect } from 'vitest'
import { ask, type Front, keepAliveAgent, openSocket, openStream, originOf } from './front.ts'

/** A way to use a channel, and what must hold of it through any proxy. */
export interface Way {
  readonly name: string
  readonly needsUpgrade: boolean
  check(front: Front): Promise<void>
}

const EVENTS = { accept: 'text/event-stream' }
const LINES = { accept: 'application/x-ndjson' }
const JSON_TYPE = { 'content-type': 'application/json' }

let channels = 0
const newChannel = (): string => `/channel/way-${++channels}`
const publish = (front: Front, path: string, body: string): ReturnType<typeof ask> =>
  ask(front, path, { method: 'POST', body, headers: { 'content-type': 'text/plain' } })

/** Every way, by a page where pages can, and by a program. */
export const WAYS: readonly Way[] = [
  {
    name: 'a bare WebSocket of a program',
    needsUpgrade: true,
    async check(front) {
      using socket = await openSocket(front, newChannel())
      socket.socket.send('to itself as well')
      expect(await socket.next()).toBe('to itself as well')
    },
  },
  {
    name: 'a bare WebSocket of a page',
    needsUpgrade: true,
    async check(front) {
      const path = newChannel()
      using socket = await openSocket(front, path, { origin: originOf(front) })
      await publish(front, path, 'x'.repeat(100_000))
      expect(await socket.next()).toHaveLength(100_000)
    },
  },
  {
    name: 'wigwag.publication.v1 of a page, which resumes',
    needsUpgrade: true,
    async check(front) {
      const path = newChannel()
      const first = JSON.parse((await publish(front, path, 'first')).body) as { epoch: string; offset: number }
      await publish(front, path, 'missed')
      const resumed = `${path}?live=1&after=${first.epoch}:${first.offset}`
      using socket = await openSocket(front, resumed, { origin: originOf(front) }, ['wigwag.publication.v1'])
      expect(JSON.parse(await socket.next())).toMatchObject({ offset: 2, data: 'missed' })
      expect(JSON.parse(await socket.next())).toMatchObject({ live: { recovered: 1 } })
    },
  },
  {
    name: 'an event stream of a page, whose events come as they are published',
    needsUpgrade: false,
    async check(front) {
      const path = newChannel()
      const headers = { ...EVENTS, origin: originOf(front) }
      using stream = await openStream(front, path, { headers })
      expect(stream.response.statusCode).toBe(200)
      // Each is there before the next is sent: nothing collects them.
      await stream.until(/: live, 0 recovered/)
      for (const body of ['one', 'two', 'three']) {
        await publish(front, path, body)
        await stream.until(new RegExp(`data: ${body}\n\n`))
      }
    },
  },
  {
    name: 'an event stream that a proxy may compress',
    needsUpgrade: false,
    async check(front) {
      const path = newChannel()
      const headers = { ...EVENTS, 'accept-encoding': 'gzip' }
      using stream = await openStream(front, path, { headers }, (response) =>
        response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response,
      )
      await stream.until(/: live, 0 recovered/)
      await publish(front, path, 'small')
      await stream.until(/data: small\n\n/)
    },
  },
  {
    name: 'a stream of lines of a page, whose lines come as they are published',
    needsUpgrade: false,
    async check(front) {
      const path = newChannel()
      using stream = await openStream(front, path, { headers: { ...LINES, origin: originOf(front) } })
      expect(stream.response.statusCode).toBe(200)
      await stream.until(/^\{"retry":\d+\}\n/)
      await stream.until(/\{"live":.*"recovered":0\}\}\n/)
      for (const body of ['one', 'two', 'three']) {
        await publish(front, path, body)
        await stream.until(new RegExp(`"data":"${body}"\\}\n`))
      }
    },
  },
  {
    name: 'a stream of lines that a proxy may compress, and that is cut and goes on',
    needsUpgrade: false,
    async check(front) {
      const path = newChannel()
      const decode = (response: IncomingMessage): NodeJS.ReadableStream =>
        response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response
      const open = (headers: Readonly<Record<string, string>>): ReturnType<typeof openStream> =>
        openStream(front, path, { headers: { ...LINES, 'accept-encoding': 'gzip', ...headers } }, decode)
      const stream = await open({})
      await publish(front, path, 'small')
      const [, epoch] = /"epoch":"([^"]+)"/.exec(await stream.until(/"data":"small"\}\n/)) ?? []
      stream[Symbol.dispose]()
      await publish(front, path, 'missed')
      using resumed = await open({ 'last-event-id': `${epoch}:1` })
      expect(await resumed.until(/"data":"missed"\}\n/)).not.toContain('small')
    },
  },
  {
    name: 'polls by time, where tags may be lost',
    needsUpgrade: false,
    async check(front) {
      const path = newChannel()
      const waiting = ask(front, `${path}?wait=20&timestamp=0`, { headers: { 'accept-encoding': 'identity' } })
      await publish(front, path, 'one')
      const { body, headers } = await waiting
      expect(JSON.parse(body)).toMatchObject([{ data: 'one' }])
      const since = { 'if-modified-since': String(headers['last-modified']) }
      expect((await ask(front, path, { headers: since })).status).toBe(304)
      const next = ask(front, `${path}?wait=20`, { headers: since })
      await publish(front, path, 'two')
      expect(JSON.parse((await next).body)).toMatchObject([{ data: 'two' }])
    },
  },
  {
    name: 'POST of a page and of a program',
    needsUpgrade: false,
    async check(front) {
      const path = newChannel()
      const headers = { ...JSON_TYPE, origin: originOf(front) }
      expect((await ask(front, path, { method: 'POST', headers, body: '{"n":1}' })).status).toBe(200)
      const large = JSON.stringify('x'.repeat(200_000))
      expect((await ask(front, path, { method: 'POST', headers: JSON_TYPE, body: large })).status).toBe(200)
    },
  },
  {
    name: 'polls of a page: the latest, then nothing new',
    needsUpgrade: false,
    async check(front) {
      const path = newChannel()
      const headers = { origin: originOf(front) }
      expect((await ask(front, path, { headers })).status).toBe(204)
      await publish(front, path, 'latest')
      const latest = await ask(front, path, { headers: { ...headers, 'accept-encoding': 'gzip' } })
      expect(latest).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } })
      const nothing = { 'if-none-match': String(latest.headers.etag) }
      expect((await ask(front, path, { headers: { ...headers, ...nothing } })).status).toBe(304)
    },
  },
  {
    name: 'a long poll',
    needsUpgrade: false,
    async check(front) {
      const path = newChannel()
      const { etag } = (await ask(front, path)).headers
      const waiting = ask(front, `${path}?wait=20`, { headers: { 'if-none-match': String(etag) } })
      await publish(front, path, 'what it waits for')
      expect(JSON.parse((await waiting).body)).toMatchObject([{ offset: 1, data: 'what it waits for' }])
    },
  },
  {
    name: 'many requests on one connection',
    needsUpgrade: false,
    async check(front) {
      const path = newChannel()
      const agent = keepAliveAgent(front)
      try {
        for (let i = 1; i <= 10; i++) {
          const posted = await ask(front, path, { method: 'POST', body: String(i), agent })
          expect(JSON.parse(posted.body)).toMatchObject({ offset: i })
          expect(posted.reusedSocket).toBe(i > 1)
          expect((await ask(front, path, { agent })).body).toBe(String(i))
        }
      } finally {
        agent.destroy()
      }
    },
  },
]
