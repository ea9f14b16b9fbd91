import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type RawData, type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import type { Cell, MessageCell } from '../cell.ts'
import type { LoadFaults, LoadSpec, Protocol, TrafficReport } from '../generator/load-spec.ts'
import { measureMemory, WARM_UP_CONNECTIONS } from '../generator/measure-memory.ts'
import { measureTraffic } from '../generator/measure-traffic.ts'
import { buildNativeGenerator, type NativeGenerator } from '../native-generator.ts'
import { encodeNativeLoad } from '../native-load.ts'
import { Program } from '../program.ts'

const FLAWLESS: LoadFaults = { wrong: 0, lost: 0, missing: 0, notes: [] }
const ECHO: MessageCell = { name: '', workload: 'echo', connections: 3, depth: 2, payloadBytes: 300, format: 'text' }

/** Of each connection. */
const COMPARED_BYTES = 20_000
const DEFLATE: ServerOptions = { perMessageDeflate: { threshold: 0 } }

const native = buildNativeGenerator()

/** Every load generator that this machine can have. */
const GENERATORS = [
  { language: 'TypeScript', measure: measureTraffic },
  ...(native.kind === 'built' ? [{ language: 'C', measure: measureNatively(native.file) }] : []),
]

let server: WebSocketServer | Server | undefined
const sockets = new Set<Socket>()

afterEach(() => {
  for (const socket of clients()) socket.terminate()
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  server?.close()
})

describe.each(GENERATORS)('a load in $language finds a server flawless that', ({ measure }) => {
  test.each([
    { ...ECHO, payloadBytes: 16 },
    { ...ECHO, payloadBytes: 70_000, depth: 1 },
    { ...ECHO, payloadBytes: 1024 * 1024, depth: 1, format: 'binary' },
    { ...ECHO, format: 'non-ascii' },
  ] satisfies MessageCell[])('echoes $payloadBytes bytes of $format', async (cell) => {
    let echoes = 0
    const port = await serve((socket) =>
      socket.on('message', (data, binary) => {
        echoes++
        socket.send(data, { binary })
      }),
    )
    expect((await measure(spec(cell, port))).faults).toEqual(FLAWLESS)
    expect(echoes).toBeGreaterThanOrEqual(cell.connections * cell.depth)
  })

  test('frames its messages in another legal way', async () => {
    const port = await serve((socket) =>
      socket.on('message', (data) => {
        const text = String(data)
        socket.ping()
        socket.send(text.slice(0, 7), { fin: false })
        socket.send(text.slice(7))
      }),
    )
    expect((await measure(spec(ECHO, port))).faults).toEqual(FLAWLESS)
  })

  test('delivers what is published, in order, to every subscriber', async () => {
    const subscribers: WebSocket[] = []
    const port = await serve((socket, target) => {
      if (target === '/sub') subscribers.push(socket)
      else socket.on('message', (data) => fanOut(data, subscribers))
    })
    const cell: Cell = { ...ECHO, workload: 'fan-out', connections: 10, depth: 4 }
    expect((await measure(spec(cell, port))).faults).toEqual(FLAWLESS)
  })

  test('answers handshakes and Close frames', async () => {
    const codes: number[] = []
    const port = await serve((socket) => socket.on('close', (code) => codes.push(code)))
    const { faults } = await measure(spec({ name: '', workload: 'handshake', slots: 4 }, port))
    expect(faults).toEqual(FLAWLESS)
    expect(codes.length).toBeGreaterThanOrEqual(4)
    expect(new Set(codes)).toEqual(new Set([1000]))
  })

  test('sends bytes back as they came, when that is what it is for', async () => {
    const port = await serveBytes((chunk, socket) => socket.write(chunk))
    expect((await measure(spec(ECHO, port, 'bytes'))).faults).toEqual(FLAWLESS)
  })
})

test('a load has connections come and go, then holds idle ones and echoes once on each', async () => {
  let [open, echoes, most] = [0, 0, 0]
  const port = await serve((socket) => {
    most = Math.max(most, ++open)
    socket.on('close', () => open--)
    socket.on('message', (data) => {
      echoes++
      socket.send(String(data))
    })
  })
  const cell: MessageCell = { ...ECHO, workload: 'memory', connections: 70, depth: 1 }
  expect((await measureMemory(spec(cell, port), cell)).faults).toEqual(FLAWLESS)
  expect(echoes).toBe(WARM_UP_CONNECTIONS + 70)
  expect(most).toBeLessThan(WARM_UP_CONNECTIONS + 70)
})

const COMPRESSIONS = ['no-takeover', 'takeover-4KiB', 'browser'] as const
const COMPRESSED_LOADS = GENERATORS.flatMap((generator) =>
  COMPRESSIONS.map((compression) => ({ ...generator, compression })),
)

describe.each(COMPRESSED_LOADS)('with compression ($compression) a load in $language', ({ measure, compression }) => {
  const cell: MessageCell = { ...ECHO, format: 'json', compression }

  test.each([200, 16 * 1024])('finds a server flawless that echoes %i bytes', async (payloadBytes) => {
    const port = await serve((socket) => socket.on('message', (data) => socket.send(String(data))), DEFLATE)
    expect((await measure(spec({ ...cell, payloadBytes }, port))).faults).toEqual(FLAWLESS)
  })

  test('finds a server flawless that delivers what is published', async () => {
    const subscribers: WebSocket[] = []
    const port = await serve((socket, target) => {
      if (target === '/sub') subscribers.push(socket)
      else socket.on('message', (data) => fanOut(data, subscribers))
    }, DEFLATE)
    const load: Cell = { ...cell, workload: 'fan-out', connections: 10, depth: 4 }
    expect((await measure(spec(load, port))).faults).toEqual(FLAWLESS)
  })

  test('finds a server flawless that leaves some messages as they are, which enter no window', async () => {
    const port = await serve((socket) => {
      let n = 0
      socket.on('message', (data) => socket.send(String(data), { compress: n++ % 3 !== 1 }))
    }, DEFLATE)
    expect((await measure(spec(cell, port))).faults).toEqual(FLAWLESS)
  })

  test.each([0, 1, 2])(
    'finds out a server that changes a byte of every third message, %i behind one left as it is',
    async (at) => {
      const port = await serve((socket) => {
        let n = -1
        socket.on('message', (data) => {
          const text = String(data)
          const isWrong = text.length === cell.payloadBytes && ++n > 3 && n % 3 === at
          socket.send(isWrong ? `*${text.slice(1)}` : text, { compress: n % 3 !== 0 })
        })
      }, DEFLATE)
      expect((await measure(spec(cell, port))).faults.wrong).toBeGreaterThan(0)
    },
  )

  test('finds out a server that changes a byte, whether or not the message was right before', async () => {
    let left = 5000
    const port = await serve((socket) => {
      socket.on('message', (data) => socket.send(left-- > 0 ? String(data) : `*${String(data).slice(1)}`))
    }, DEFLATE)
    expect((await measure(spec(cell, port))).faults.wrong).toBe(0)
    left = 0
    expect((await measure(spec(cell, port))).faults.wrong).toBeGreaterThan(0)
  })

  test('finds out a server that swaps two messages', async () => {
    const port = await serve((socket) => {
      let held: string | undefined
      socket.on('message', (data) => {
        const text = String(data)
        const isPrelude = text.length !== cell.payloadBytes
        if (isPrelude || held !== undefined) socket.send(text)
        if (!isPrelude && held !== undefined) socket.send(held)
        held = isPrelude || held !== undefined ? undefined : text
      })
    }, DEFLATE)
    expect((await measure(spec(cell, port))).faults.wrong).toBeGreaterThan(0)
  })

  test('finds out a server that does not negotiate it', async () => {
    const port = await serve((socket) => socket.on('message', (data) => socket.send(String(data))))
    expect((await measure(spec(cell, port))).faults).toMatchObject({
      lost: 3,
      notes: ['lost: the upgrade was answered without compression'],
    })
  })
})

describe.each(GENERATORS)('a load in $language finds out a server that', ({ measure }) => {
  test('changes a byte', async () => {
    const port = await serve((socket) =>
      socket.on('message', (data) => {
        const bytes = Buffer.from(data as Buffer)
        bytes[150] = 0x2a
        socket.send(bytes, { binary: false })
      }),
    )
    expect((await measure(spec(ECHO, port))).faults.wrong).toBeGreaterThan(0)
  })

  test('cuts messages short', async () => {
    const port = await serve((socket) => socket.on('message', (data) => socket.send(String(data).slice(1))))
    expect((await measure(spec(ECHO, port))).faults.wrong).toBeGreaterThan(0)
  })

  test('swaps two messages', async () => {
    const port = await serve((socket) => {
      let held: string | undefined
      socket.on('message', (data) => {
        if (held === undefined) held = String(data)
        else {
          socket.send(String(data))
          socket.send(held)
          held = undefined
        }
      })
    })
    expect((await measure(spec(ECHO, port))).faults.wrong).toBeGreaterThan(0)
  })

  test('delivers to one connection what is meant for another', async () => {
    const port = await serve((socket) => socket.on('message', (data) => fanOut(data, clients())))
    expect((await measure(spec(ECHO, port))).faults.wrong).toBeGreaterThan(0)
  })

  test('sends a message twice', async () => {
    const port = await serve((socket) =>
      socket.on('message', (data) => {
        socket.send(String(data))
        socket.send(String(data))
      }),
    )
    expect((await measure(spec({ ...ECHO, depth: 1 }, port))).faults.wrong).toBeGreaterThan(0)
  })

  test('takes text for binary', async () => {
    const port = await serve((socket) => socket.on('message', (data) => socket.send(data, { binary: true })))
    expect((await measure(spec(ECHO, port))).faults).toMatchObject({
      lost: 3,
      notes: ['lost: a frame with opcode 2'],
    })
  })

  test('leaves a message out', async () => {
    let left = 20
    const port = await serve((socket) =>
      socket.on('message', (data) => {
        if (left-- > 0) socket.send(String(data))
      }),
    )
    expect((await measure({ ...spec(ECHO, port), drainSecs: 0.2 })).faults.missing).toBeGreaterThan(0)
  })

  test('closes connections', async () => {
    const port = await serve((socket) => socket.on('message', () => socket.terminate()))
    expect((await measure(spec(ECHO, port))).faults.lost).toBeGreaterThan(0)
  })

  test('refuses the upgrade', async () => {
    const port = await serveBytes((_, socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'))
    expect((await measure(spec(ECHO, port))).faults).toMatchObject({
      lost: 3,
      notes: ['lost: the upgrade was answered with "HTTP/1.1 404 Not Found"'],
    })
  })

  test('mixes up two upgrades, also when it has answered many rightly', async () => {
    const RIGHT = 100 // every key once, and some again
    let answers = 0
    let previous = ''
    const port = await serveBytes((chunk, socket) => {
      const key = /^Sec-WebSocket-Key: (.+)\r$/m.exec(chunk.toString('latin1'))?.[1]
      if (key === undefined) {
        socket.end(Buffer.from([0x88, 0x02, 0x03, 0xe8]))
        return
      }
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      const head =
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept'
      socket.write(`${head}: ${answers++ < RIGHT ? accept : previous}\r\n\r\n`)
      previous = accept
    })
    const load = spec({ name: '', workload: 'handshake', slots: 1 }, port)
    const { faults } = await measure({ ...load, warmUpSecs: 0.2 })
    expect(answers).toBe(RIGHT + 1)
    expect(faults).toEqual({
      wrong: 0,
      lost: 1,
      missing: 0,
      notes: ['lost: the upgrade was answered with a wrong accept value'],
    })
  })

  test('answers a Close frame with another code', async () => {
    const port = await serve((socket) => socket.close(4000))
    const { faults } = await measure(spec({ name: '', workload: 'handshake', slots: 4 }, port))
    expect(faults.wrong).toBeGreaterThan(0)
  })

  test('changes a byte of what it should send back as it came', async () => {
    const port = await serveBytes((chunk, socket) => {
      chunk[chunk.length - 1] = (chunk.at(-1) ?? 0) ^ 1
      socket.write(chunk)
    })
    expect((await measure(spec(ECHO, port, 'bytes'))).faults).toMatchObject({
      lost: 3,
      notes: ['lost: bytes that are not those sent'],
    })
  })
})

describe('the generators in TypeScript and in C', () => {
  test.skipIf(native.kind === 'missing')('send the same bytes', async () => {
    const sent: string[][] = []
    for (const { measure } of GENERATORS) {
      const byConnection = new Map<Socket, string>()
      const port = await serveBytes((chunk, socket) => {
        byConnection.set(socket, (byConnection.get(socket) ?? '') + chunk.toString('latin1'))
        socket.write(chunk)
      })
      expect((await measure(spec(ECHO, port, 'bytes'))).faults).toEqual(FLAWLESS)
      server?.close()
      sent.push([...byConnection.values()].map((bytes) => bytes.slice(0, COMPARED_BYTES)).sort())
    }
    const [first, second] = sent as [string[], string[]]
    expect(first.map((bytes) => bytes.length)).toEqual(Array(ECHO.connections).fill(COMPARED_BYTES))
    expect(second).toEqual(first)
  })

  test('where there is no compiler, there is none in C, and it is said why', () => {
    expect(buildNativeGenerator('no-such-compiler')).toEqual({
      kind: 'missing',
      reason: 'there is no C compiler (no-such-compiler)',
    })
  })

  test.each(GENERATORS)('count what the server counts, and what it costs that: $language', async ({ measure }) => {
    let echoes = 0
    const port = await serve((socket) =>
      socket.on('message', (data) => {
        echoes++
        socket.send(String(data))
      }),
    )
    const watched = { name: 'this', role: 'server' as const, pid: process.pid }
    const report = await measure({ ...spec(ECHO, port), processes: [watched] })
    // What came in the window is less than all by the warm-up and what was in flight behind it.
    expect(report.messages).toBeGreaterThan(0)
    expect(report.messages).toBeLessThan(echoes)
    expect(report.p50Us).toBeGreaterThan(0)
    expect(report.p99Us).toBeGreaterThanOrEqual(report.p50Us)
    expect(report.generatorCpuUs).toBeGreaterThan(0)
    expect(report.processes).toMatchObject([{ name: 'this', role: 'server' }])
    expect(report.processes[0]?.cpuUs).toBeGreaterThan(0)
  })

  test.skipIf(native.kind === 'missing')('the one in C ends with the program that started it', async () => {
    const { file } = native as Extract<NativeGenerator, { kind: 'built' }>
    const port = await serve((socket) => socket.on('message', (data) => socket.send(String(data))))
    const child = spawn(file, { stdio: ['pipe', 'ignore', 'inherit'] })
    child.stdin.write((await encodeNativeLoad({ ...spec(ECHO, port), secs: 60 })) as Buffer)
    await once(server as WebSocketServer, 'connection')
    child.stdin.end()
    expect(await once(child, 'exit')).toEqual([1, null])
  })
})

function measureNatively(file: string): (spec: LoadSpec) => Promise<TrafficReport> {
  return async (spec) => {
    const input = await encodeNativeLoad(spec)
    // What it cannot do, the other one does.
    if (input === undefined) return measureTraffic(spec)
    const program = new Program({ name: 'the load generator', command: file, args: [], core: undefined, input })
    try {
      return JSON.parse(await program.line(/^\{/, 20_000)) as TrafficReport
    } finally {
      await program.end()
    }
  }
}

function spec(cell: Cell, port: number, protocol: Protocol = 'websocket'): LoadSpec {
  const times = { settleSecs: 0.01, warmUpSecs: 0.02, secs: 0.1, drainSecs: 10 }
  return { cell, protocol, connectPort: port, publishPort: port, processes: [], ...times }
}

async function serve(
  connected: (socket: WebSocket, target: string) => void,
  options: ServerOptions = {},
): Promise<number> {
  const listening = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
  server = listening
  listening.on('connection', (socket, request) => connected(socket, request.url ?? ''))
  await new Promise((resolve) => listening.once('listening', resolve))
  return (listening.address() as AddressInfo).port
}

async function serveBytes(received: (chunk: Buffer, socket: Socket) => void): Promise<number> {
  const listening = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    socket.on('data', (chunk) => received(chunk, socket))
  })
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return (listening.address() as AddressInfo).port
}

function clients(): Iterable<WebSocket> {
  return server instanceof WebSocketServer ? server.clients : []
}

function fanOut(data: RawData, subscribers: Iterable<WebSocket>): void {
  for (const socket of subscribers) socket.send(String(data))
}
