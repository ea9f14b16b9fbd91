import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { BareConnection } from '../generator/bare-connection.ts'
import { NetConnection } from '../generator/net-connection.ts'
import { CHUNK, type TcpConnection, type TcpOwner } from '../generator/tcp-connection.ts'
import { loadTcpHandles, type TcpHandles } from '../generator/tcp-handles.ts'

const handles = loadTcpHandles()
const KINDS = {
  'on a bare handle': (port: number, owner: TcpOwner): TcpConnection =>
    new BareConnection(handles as TcpHandles, port, owner),
  'by node:net': (port: number, owner: TcpOwner): TcpConnection => new NetConnection(port, owner),
}

let server: Server | undefined

afterEach(() => {
  vi.restoreAllMocks()
  server?.close()
  server = undefined
})

describe.each(Object.entries(KINDS))('a connection %s', (_, connect) => {
  test('carries everything both ways, also what the kernel does not take at once', async () => {
    const large = Buffer.from(Array.from({ length: 4 * 1024 * 1024 }, (_, i) => (i * 151 + (i >> 8)) & 0xff))
    const small = Buffer.from('small')
    const expected = Buffer.concat([small, large, small])
    const sockets: Socket[] = []
    const port = await listen((socket) => {
      const chunks: Buffer[] = []
      let bytes = 0
      // Nothing is read until the client has written it all.
      sockets.push(socket.pause())
      socket.on('data', (chunk) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes === expected.length) socket.end(Buffer.concat(chunks))
      })
      socket.write('go')
    })
    const owner = new Recorder()
    const tcp = connect(port, owner)
    await owner.until('received')
    for (const bytes of [small, large, small]) tcp.write(bytes)
    for (const socket of sockets) socket.resume()
    await owner.until('ended')
    expect(Buffer.concat(owner.chunks).equals(Buffer.concat([Buffer.from('go'), expected]))).toBe(true)
    expect(owner.told.filter((what) => what !== 'received')).toEqual(['connected', 'ended'])
    tcp.destroy()
  })

  test('tells that nobody listens', async () => {
    const port = await listen(() => {})
    await new Promise((resolve) => server?.close(resolve))
    const owner = new Recorder()
    connect(port, owner)
    await owner.until('failed')
    expect(owner.told).toEqual(['failed'])
    expect(owner.what).toContain('ECONNREFUSED')
  })

  test('tells once that the server has broken off', async () => {
    const port = await listen((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const owner = new Recorder()
    const tcp = connect(port, owner)
    await owner.until('connected')
    tcp.write(Buffer.from('?'))
    await owner.until('failed')
    tcp.write(Buffer.from('!'))
    expect(owner.told).toEqual(['connected', 'failed'])
    expect(owner.what).toContain('ECONNRESET')
  })

  test('tells nothing once it is destroyed', async () => {
    const port = await listen((socket) => socket.on('error', () => {}).end('an answer'))
    const owner = new Recorder()
    connect(port, owner).destroy()
    // What was underway to the first has come when a second one is over.
    const later = new Recorder()
    connect(port, later)
    await later.until('ended')
    expect(owner.told).toEqual([])
    expect(later.told).toEqual(['connected', 'received', 'ended'])
  })

  test('tells nothing more when it is destroyed by what it tells', async () => {
    const port = await listen((socket) => socket.on('error', () => {}).end('an answer'))
    const owner = new Recorder()
    const tcp = connect(port, owner)
    owner.when('received', () => tcp.destroy())
    await owner.until('received')
    const later = new Recorder()
    connect(port, later)
    await later.until('ended')
    expect(owner.told).toEqual(['connected', 'received'])
  })
})

describe('bare handles', () => {
  test('are there in the versions of Node that the project is for', () => {
    expect(handles).toBeDefined()
  })

  test.each([
    [
      'may not be asked for',
      () => {
        throw new Error('Access has been restricted')
      },
    ],
    ['lack a part', () => ({})],
  ])('are not used where they %s', (_, load) => {
    vi.spyOn(process as unknown as { binding(name: string): unknown }, 'binding').mockImplementation(load)
    expect(loadTcpHandles()).toBeUndefined()
  })
})

type Told = 'connected' | 'received' | 'ended' | 'failed'

class Recorder implements TcpOwner {
  readonly told: Told[] = []
  readonly chunks: Buffer[] = []
  what = ''
  readonly #waiting: [Told, () => void][] = []

  connected(): void {
    this.#tell('connected')
  }

  received(length: number): void {
    this.chunks.push(Buffer.from(CHUNK.subarray(0, length)))
    this.#tell('received')
  }

  ended(): void {
    this.#tell('ended')
  }

  failed(what: string): void {
    this.what = what
    this.#tell('failed')
  }

  /** Has `call` called at once each time that this is told. */
  when(told: Told, call: () => void): void {
    this.#waiting.push([told, call])
  }

  until(told: Told): Promise<void> {
    return this.told.includes(told) ? Promise.resolve() : new Promise((resolve) => this.when(told, resolve))
  }

  #tell(told: Told): void {
    this.told.push(told)
    for (const [wanted, call] of this.#waiting) if (wanted === told) call()
  }
}

async function listen(connected: (socket: Socket) => void): Promise<number> {
  const listening = createServer(connected)
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return (listening.address() as AddressInfo).port
}
