import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { MessageCell } from '../cell.ts'
import type { LoadFaults, LoadSpec, SessionProtocol } from '../generator/load-spec.ts'
import { measureMemory } from '../generator/measure-memory.ts'
import { measureTraffic } from '../generator/measure-traffic.ts'

const FLAWLESS: LoadFaults = { wrong: 0, lost: 0, missing: 0, notes: [] }
const CELL: MessageCell = {
  name: '',
  workload: 'sessions',
  connections: 10,
  depth: 4,
  payloadBytes: 128,
  format: 'json',
}

let server: WebSocketServer | undefined

afterEach(() => {
  for (const socket of server?.clients ?? []) socket.terminate()
  server?.close()
})

/** How a session is sent publication `n`, from 1 on, of JSON text `data`. */
type Deliver = (session: WebSocket, n: number, data: string) => void

const push: Deliver = (session, n, data) => session.send(encode(n, data))

describe('a load of sessions finds a server flawless that', () => {
  test.each([
    ['json', (session, _n, data) => session.send(`{"channel":"bench","data":${data}}`)],
    ['data', (session, _n, data) => session.send(data)],
    ['socket.io', (session, _n, data) => session.send(`42["publication",${data}]`)],
    ['centrifuge', push],
  ] satisfies [SessionProtocol, Deliver][])('speaks %s', async (protocol, deliver) => {
    const port = await serve(deliver)
    const { faults, messages, halfLoad } = await measureTraffic(spec(CELL, port, protocol))
    expect(faults).toEqual(FLAWLESS)
    expect(messages).toBeGreaterThan(0)
    expect(halfLoad?.publicationsPerSec).toBeGreaterThan(0)
    expect(halfLoad?.p999Us).toBeGreaterThanOrEqual(halfLoad?.p50Us ?? Number.NaN)
  })

  test('pings between publications: every ping is answered', async () => {
    let pings = 0
    let pongs = 0
    const port = await serve(
      (session, n, data) => {
        if (n % 3 === 0) {
          session.send('{}')
          session.ping()
          pings++
        }
        push(session, n, data)
      },
      () => pongs++,
    )
    const { faults } = await measureTraffic(spec(CELL, port, 'centrifuge'))
    expect(faults).toEqual(FLAWLESS)
    expect(pings).toBeGreaterThan(0)
    await expect.poll(() => pongs).toBe(pings)
  })

  test('has sessions come and go, then holds idle ones and publishes once to each', async () => {
    let delivered = 0
    const port = await serve((session, n, data) => {
      delivered++
      push(session, n, data)
    })
    const cell: MessageCell = { ...CELL, workload: 'session-memory', connections: 70, depth: 1 }
    expect((await measureMemory(spec(cell, port, 'centrifuge'), cell)).faults).toEqual(FLAWLESS)
    expect(delivered).toBe(70)
  })
})

describe('a load of sessions finds out a server that', () => {
  test.each([
    ['changes a byte of the data', (session, n, data) => push(session, n, n === 9 ? data.replace('12', '13') : data)],
    ['gives another offset', (session, n, data) => push(session, n === 9 ? 10 : n, data)],
    [
      'says a publication twice',
      (session, n, data) => {
        push(session, n, data)
        if (n === 9) push(session, n, data)
      },
    ],
    [
      'leaves one out',
      (session, n, data) => {
        if (n !== 9) push(session, n, data)
      },
    ],
    [
      'sends two in the wrong order',
      (session, n, data) => {
        if (n === 9) held = data
        else push(session, n, data)
        if (n === 10) push(session, 9, held)
      },
    ],
  ] satisfies [string, Deliver][])('%s', async (_what, deliver) => {
    const port = await serve(deliver)
    expect((await measureTraffic(spec(CELL, port, 'centrifuge'))).faults.wrong).toBeGreaterThan(0)
  })

  test('forgets the last publication of a session', async () => {
    const port = await serve((session, n, data) => {
      if (n < 9) push(session, n, data)
    })
    const load = { ...spec(CELL, port, 'centrifuge'), drainSecs: 0.2 }
    expect((await measureTraffic(load)).faults.missing).toBeGreaterThan(0)
  })

  test('refuses a subscription', async () => {
    const port = await serve(push, undefined, '{"id":2,"error":{"code":103,"message":"permission denied"}}')
    expect((await measureTraffic(spec(CELL, port, 'centrifuge'))).faults).toMatchObject({
      lost: 10,
      notes: ['lost: the opening was answered with {"id":2,"error":{"code":103,"message":"permission denied"}}'],
    })
  })

  test('cuts a message into fragments', async () => {
    const port = await serve((session, n, data) => {
      session.send('{"push"', { fin: false })
      session.send(encode(n, data).slice(7))
    })
    expect((await measureTraffic(spec(CELL, port, 'centrifuge'))).faults.lost).toBe(10)
  })
})

let held = ''

function encode(offset: number, data: string): string {
  return `{"push":{"channel":"bench","pub":{"data":${data},"offset":${offset}}}}`
}

function spec(cell: MessageCell, port: number, sessionProtocol: SessionProtocol): LoadSpec {
  const times = { settleSecs: 0.01, warmUpSecs: 0.02, secs: 0.1, drainSecs: 10 }
  const ports = { connectPort: port, publishPort: port }
  return { cell, protocol: 'websocket', sessionProtocol, ...ports, processes: [], ...times }
}

/** A push server that speaks each protocol as far as the load does, and delivers as it is told. */
async function serve(
  deliver: Deliver,
  pong: () => void = () => {},
  subscribed = '{"id":2,"subscribe":{"epoch":"e"}}',
): Promise<number> {
  const sessions = new Set<WebSocket>()
  let published = 0
  const listening = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server = listening
  const answers: Readonly<Record<string, string>> = {
    '{"id":1,"connect":{}}': '{"id":1,"connect":{"client":"c"}}',
    '{"id":2,"subscribe":{"channel":"bench"}}': subscribed,
    '40': '40{"sid":"s"}',
  }
  listening.on('connection', (socket, { url = '' }) => {
    if (url === '/pub') {
      socket.on('message', (data) => {
        published++
        for (const session of sessions) deliver(session, published, String(data))
      })
      return
    }
    sessions.add(socket)
    socket.on('close', () => sessions.delete(socket))
    if (url.startsWith('/socket.io/')) socket.send('0{"sid":"s"}')
    socket.on('message', (data) => {
      const answer = answers[String(data)]
      if (answer === undefined) pong()
      else socket.send(answer)
    })
  })
  await new Promise((resolve) => listening.once('listening', resolve))
  return (listening.address() as AddressInfo).port
}
