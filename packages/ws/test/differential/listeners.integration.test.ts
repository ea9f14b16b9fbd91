import { EventEmitter } from 'node:events'
import { Duplex, PassThrough } from 'node:stream'
import { describe } from 'vitest'
import type { WebSocket } from 'ws'
import { event } from '../support/log.ts'
import { type Ends, sameAsWs } from '../support/scene.ts'

const bothClosed = ({ client, socket }: Ends): Promise<unknown> =>
  Promise.all([event(client, 'close'), event(socket, 'close')])

describe('listeners as in a browser', () => {
  sameAsWs('are given events with their fields', async (scene) => {
    const { url, server } = await scene.serve()
    server.on('connection', (socket) => {
      socket.send('text')
      socket.send(Buffer.from('bytes'))
      socket.close(1001, 'bye')
    })
    const client = new scene.face(url)
    const fields = (who: string, incoming: object): void => {
      const all = incoming as Record<string, unknown>
      const { type, data, code, reason, wasClean, message, error, target } = all
      scene.log.note(who, {
        type,
        data,
        code,
        reason,
        wasClean,
        message,
        error,
        isTarget: target === client,
        name: incoming.constructor.name,
      })
    }
    client.onopen = function (this: unknown, incoming) {
      fields('onopen', incoming)
      scene.log.note('this', this === client)
    }
    client.onmessage = (incoming) => fields('onmessage', incoming)
    client.onclose = (incoming) => fields('onclose', incoming)
    client.onerror = (incoming) => fields('onerror', incoming)
    for (const type of ['open', 'message', 'close', 'error'] as const) {
      client.addEventListener(type, (incoming) => fields('listener', incoming))
      client.addEventListener(type, { handleEvent: (incoming: object) => fields('object', incoming) })
    }
    await event(client, 'close')
    client.emit('error', new TypeError('made up'))
  })

  sameAsWs('are added once, and removed', async (scene) => {
    const client = new scene.face('ws://127.0.0.1:1')
    client.on('error', () => {})
    const calls: string[] = []
    const listener = (): void => void calls.push('listener')
    const property = (): void => void calls.push('property')
    client.addEventListener('open', listener)
    client.addEventListener('open', listener)
    client.addEventListener('open', () => calls.push('once'), { once: true })
    client.addEventListener('unknown' as never, listener as never)
    client.onopen = property
    client.onopen = property
    scene.log.note('counts', client.listenerCount('open'), client.listenerCount('unknown'))
    client.emit('open')
    client.emit('open')
    client.removeEventListener('open', property)
    client.removeEventListener('open', listener)
    client.removeEventListener('message', listener as never)
    client.emit('open')
    scene.log.note('calls', ...calls)
    scene.log.note('property', client.onopen === property, client.onmessage)
    client.onopen = null
    client.onclose = 'no function' as never
    scene.log.note('property', client.onopen, client.onclose, client.listenerCount('open'))
    client.terminate()
    await event(client, 'close')
  })
})

describe('listeners of messages', () => {
  const lastMessage = (socket: WebSocket): Promise<void> =>
    new Promise((resolve) => socket.on('message', (data) => String(data) === 'last' && resolve()))

  sameAsWs('change while they are told', async (scene) => {
    const { client, socket } = await scene.open()
    const told = (name: string) => (data: unknown, isBinary: boolean) => scene.log.note(name, String(data), isBinary)
    const only = function (this: unknown, data: Buffer, isBinary: boolean): void {
      scene.log.note('only', String(data), isBinary, this === socket)
      socket.off('message', only)
      socket.once('message', told('once'))
      socket.on('message', told('first'))
      socket.on('message', told('second'))
    }
    socket.on('message', only)
    for (const data of ['one', Buffer.from('two'), 'three', '']) client.send(data)
    client.close()
    await event(socket, 'close')
    scene.log.note('left', socket.listenerCount('message'))
  })

  sameAsWs('are told through an emit that somebody has put in its place', async (scene) => {
    const { client, socket } = await scene.open()
    const last = lastMessage(socket)
    const { emit } = socket
    socket.emit = (name: string, ...parameters: unknown[]) => {
      scene.log.note('emit', name, ...parameters)
      return emit.call(socket, name as never, ...(parameters as never[]))
    }
    for (const data of ['one', 'last']) client.send(data)
    await last
    delete (socket as { emit?: unknown }).emit
  })

  sameAsWs('may reject where rejections are captured', async (scene) => {
    const before = EventEmitter.captureRejections
    EventEmitter.captureRejections = true
    const { client, socket } = await scene.open()
    EventEmitter.captureRejections = before
    const failed = event(socket, 'error')
    socket.on('message', ((data: unknown) => Promise.reject(new Error(`cannot ${data}`))) as never)
    client.send('read')
    scene.log.note('error', String((await failed)[0]))
  })
})

describe('createWebSocketStream', () => {
  sameAsWs('reads and writes messages, and ends with the closing handshake', async (scene) => {
    const ends = await scene.open()
    const stream = scene.face.createWebSocketStream(ends.client)
    const closed = Promise.all([bothClosed(ends), event(stream, 'close')])
    for (const name of ['end', 'finish', 'close', 'error']) stream.on(name, scene.log.callback('stream', name))
    stream.on('data', (chunk) => scene.log.note('stream', chunk))
    ends.socket.on('message', (data) => ends.socket.send(`echo ${data}`))
    stream.write('one')
    stream.write(Buffer.from('two'))
    let echoes = 0
    await new Promise<void>((resolve) => ends.client.on('message', () => ++echoes === 2 && resolve()))
    stream.end('three')
    await closed
  })

  sameAsWs('ends when the peer closes', async (scene) => {
    const ends = await scene.open()
    const stream = scene.face.createWebSocketStream(ends.client, { readableObjectMode: true })
    const closed = event(stream, 'close')
    for (const name of ['end', 'finish', 'close', 'error']) stream.on(name, scene.log.callback('stream', name))
    stream.on('data', (chunk) => scene.log.note('stream', chunk))
    ends.socket.send('text')
    ends.socket.close(1000)
    await event(stream, 'end')
    stream.end()
    await closed
  })

  sameAsWs('terminates when it is destroyed', async (scene) => {
    const ends = await scene.open()
    const stream = scene.face.createWebSocketStream(ends.client)
    const closed = Promise.all([bothClosed(ends), event(stream, 'close')])
    for (const name of ['end', 'finish', 'close', 'error']) stream.on(name, scene.log.callback('stream', name))
    stream.destroy(new Error('enough'))
    await closed
  })

  sameAsWs('waits for the connection, and fails with it', async (scene) => {
    const { url, server } = await scene.serve()
    server.on('connection', (socket) => socket.on('message', (data) => scene.log.note('server', data)))
    const client = new scene.face(url)
    const stream = scene.face.createWebSocketStream(client)
    stream.end('early')
    await event(stream.resume(), 'close')
    const failing = scene.face.createWebSocketStream(new scene.face('ws://127.0.0.1:1'))
    failing.on('error', (error) => scene.log.note('failing', (error as NodeJS.ErrnoException).code))
    await event(failing, 'close')
  })

  sameAsWs('slows the peer down when nobody reads', async (scene) => {
    const ends = await scene.open()
    const stream = scene.face.createWebSocketStream(ends.client, { readableHighWaterMark: 10 })
    ends.socket.send('x'.repeat(20))
    await event(ends.client, 'message')
    scene.log.note('paused', ends.client.isPaused)
    const sink = new PassThrough()
    stream.pipe(sink)
    scene.log.note('sink', String((await event(sink.resume(), 'data'))[0]).length)
    await new Promise(setImmediate)
    scene.log.note('paused', ends.client.isPaused)
  })
})

describe('what no document names and programs use all the same', () => {
  sameAsWs('_sender.sendFrame writes frames of Sender.frame', async (scene) => {
    const ends = await scene.open()
    const closed = bothClosed(ends)
    const { Sender } = scene.face as unknown as { Sender: { frame(data: Buffer | string, options: object): Buffer[] } }
    const frame = (data: string, options: object = {}): Buffer[] =>
      Sender.frame(Buffer.from(data), { readOnly: false, mask: false, rsv1: false, opcode: 1, fin: true, ...options })
    const raw = ends.socket as WebSocket & { _sender: { sendFrame(frame: Buffer[], sent?: () => void): void } }
    ends.socket.send('before')
    raw._sender.sendFrame(frame('encoded'), scene.log.callback('callback', 'sent') as never)
    raw._sender.sendFrame(frame('', { opcode: 2 }))
    raw._sender.sendFrame(frame('x'.repeat(70_000)))
    ends.socket.send('behind')
    scene.log.note('frame', frame('abc'), Buffer.concat(frame('x'.repeat(300))).subarray(0, 4), frame(''))
    scene.log.note(
      'masked',
      Buffer.concat(
        Sender.frame(Buffer.from('abc'), {
          mask: true,
          opcode: 1,
          fin: false,
          generateMask: (key: Buffer) => key.fill(1),
        }),
      ),
    )
    ends.socket.close()
    await closed
  })

  sameAsWs('_socket, _isServer and wss._server are there', async (scene) => {
    const { client, socket, server } = await scene.open()
    const inside = (end: WebSocket): { _socket: { remoteAddress: string }; _isServer: boolean } => end as never
    scene.log.note('inside', inside(client)._isServer, inside(socket)._isServer, inside(socket)._socket.remoteAddress)
    scene.log.note('server', (server as unknown as { _server: object })._server)
  })

  sameAsWs('setSocket opens a socket that was made from nothing, of either role', async (scene) => {
    type Bare = WebSocket & { _isServer: boolean; setSocket(socket: Duplex, head: Buffer, options: object): void }
    const [left, right] = pipes()
    const bare = (who: string, isServer: boolean, stream: Duplex): Bare => {
      const socket = new scene.face(null as never, undefined, {} as never) as Bare
      socket._isServer = isServer
      // The core says why it gives up, `ws` does not: the client's `close` is not compared.
      if (isServer) scene.log.watch(who, socket)
      else socket.on('message', (data) => scene.log.note(who, data))
      socket.setSocket(stream, Buffer.alloc(0), { maxPayload: isServer ? 20 : 0 })
      return socket
    }
    const server = bare('server', true, left)
    const client = bare('client', false, right)
    const closed = bothClosed({ server, client, socket: server } as never)
    client.send('up')
    server.send(Buffer.from('down'))
    await event(client, 'message')
    client.send('more than twenty bytes are refused')
    await closed
  })
})

/** Two ends of a connection in memory. */
function pipes(): [Duplex, Duplex] {
  const ends = [0, 1].map(
    (side): Duplex =>
      new Duplex({
        read() {},
        write: (chunk: Buffer, _encoding, done) => {
          ends[1 - side]?.push(chunk)
          done()
        },
        final: (done) => {
          ends[1 - side]?.push(null)
          done()
        },
      }),
  )
  return ends as [Duplex, Duplex]
}
