import { once } from 'node:events'
import { openAsBlob, writeFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { describe } from 'vitest'
import type { WebSocket } from 'ws'
import { event } from '../support/log.ts'
import { sameAsWs, upgradeRequest } from '../support/scene.ts'

/** Closes and waits until both ends have noticed. */
async function finish(client: WebSocket, socket: WebSocket): Promise<void> {
  const ends = [event(client, 'close'), event(socket, 'close')]
  client.close(1000)
  await Promise.all(ends)
}

describe('messages are told as Buffers, with whether they are binary', () => {
  sameAsWs('text and bytes, both ways, in order', async (scene) => {
    const { client, socket } = await scene.open()
    for (const end of [client, socket]) {
      end.send('héllo')
      end.send(Buffer.from([1, 2, 3]))
      end.send('x'.repeat(70_000))
      end.send(Buffer.alloc(200_000, 7))
      end.send('')
    }
    await finish(client, socket)
  })

  sameAsWs('whatever has bytes can be sent', async (scene) => {
    const { client, socket } = await scene.open()
    const shared = new SharedArrayBuffer(2)
    new Uint8Array(shared).set([65, 66])
    const data = [
      0,
      64,
      3.14,
      new DataView(new ArrayBuffer(3)),
      Uint8Array.of(65, 66, 67).buffer,
      Uint16Array.of(0x4142, 0x4344),
      new Uint8Array(Uint8Array.of(65, 66, 67, 68).buffer, 1, 2),
      shared,
      [65, 66],
      undefined,
      null,
      false,
      Buffer.alloc(0),
    ]
    for (const value of data) client.send(value as never)
    for (const value of [true, {}, Symbol.iterator])
      scene.log.try('call', `send ${String(value)}`, () => client.send(value as never))
    await finish(client, socket)
  })

  sameAsWs('the same for many, changed in between, arrives as it was when it was sent', async (scene) => {
    const { client, socket, server } = await scene.open()
    const more = Array.from({ length: 3 }, () => new scene.face(client.url))
    const received = [client, ...more].map(() => [] as string[])
    for (const [i, end] of [client, ...more].entries()) {
      end.on('message', (data, isBinary) => received[i]?.push(`${isBinary} ${data}`))
    }
    await Promise.all(more.map((end) => event(end, 'open')))
    const data = Buffer.from('data 0')
    for (let round = 0; round < 5; round++) {
      for (const [i, end] of [...server.clients].entries()) {
        end.send('text for all')
        end.send(data, { binary: round % 2 === 0 })
        if (i === 1) data[5] = (data[5] as number) + 1
        if (i === 2) end.send('private')
        end.send(data)
      }
    }
    socket.send('other')
    const closed = more.map((end) => event(end, 'close'))
    for (const end of server.clients) end.close(1000)
    await Promise.all([event(client, 'close'), event(socket, 'close'), ...closed])
    scene.log.note('received', ...received)
  })

  sameAsWs('options that are there count, even as undefined', async (scene) => {
    const { client, socket } = await scene.open()
    socket.send(Buffer.from('bytes as text'), { binary: false })
    socket.send('text as bytes', { binary: true })
    socket.send(Buffer.from('undefined is no'), { binary: undefined })
    socket.send('with nothing', {})
    socket.send('compress', { compress: true })
    client.send('mask', { mask: true })
    await finish(client, socket)
  })

  sameAsWs('options that are none are taken for none', async (scene) => {
    const { client, socket } = await scene.open()
    for (const options of [10, 'text', true, [], null]) client.send('a message', options as never)
    await finish(client, socket)
  })

  sameAsWs('a Blob is sent in its turn, and what is behind it waits', async (scene) => {
    const { client, socket } = await scene.open()
    client.send('before')
    client.send(new Blob(['blob']), scene.log.callback('callback', 'blob'))
    client.send('behind', scene.log.callback('callback', 'behind'))
    client.ping('ping behind')
    client.send(new Blob(['second ', 'blob']), { binary: false })
    scene.log.note('client', 'buffered', client.bufferedAmount > 0)
    await finish(client, socket)
  })
})

describe('the network socket', () => {
  sameAsWs('tells it what came with the upgrade', async (scene) => {
    /** How many bytes were told: of a message, `ws` tells first what it says, then these. */
    const count = async (who: string, end: WebSocket): Promise<void> => {
      const { _socket } = end as unknown as { _socket: Duplex }
      let bytes = 0
      _socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      await event(end, 'message')
      end.terminate()
      await event(end, 'close')
      scene.log.note(who, bytes)
    }
    const { server, url } = await scene.serve()
    const counted = new Promise((resolve) => {
      server.on('connection', (socket) => resolve(count('server', socket)))
    })
    const peer = await scene.dial(url)
    const early = frameBytes({ opcode: 1, payload: 'early', mask: TEST_MASK })
    peer.socket.write(Buffer.concat([Buffer.from(upgradeRequest()), early]))
    await counted

    const { client } = await scene.openOnRaw({}, '', frameBytes({ opcode: 1, payload: 'early' }))
    await new Promise((resolve) => client.on('open', () => resolve(count('client', client))))
  })

  sameAsWs('tells what it reads to listeners for data, too, before and behind the upgrade', async (scene) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    scene.after(() => server.close())
    const sockets = new scene.face.WebSocketServer({ noServer: true })
    const count = (who: string, socket: Duplex): void => {
      let bytes = 0
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      socket.on('close', () => scene.log.note(who, 'bytes', bytes))
    }
    server.on('upgrade', (request, socket, head) => {
      count('server', socket)
      sockets.handleUpgrade(request, socket, head, (socket) => {
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
      })
    })
    const client = new scene.face(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await event(client, 'open')
    const { _socket: transport } = client as unknown as { _socket: Duplex }
    count('client', transport)
    scene.log.watch('client', client)
    client.send('hello')
    await event(client, 'message')
    const ends = [event(client, 'close'), once(server, 'close')]
    client.close(1000)
    server.close()
    await Promise.all(ends)
  })
})

describe('a Blob that is being read when the connection ends', () => {
  sameAsWs('is not sent, nor is what waits behind it, and every callback says so', async (scene) => {
    const { client, socket } = await scene.open()
    const ends = [event(client, 'close'), event(socket, 'close')]
    const called = Promise.all(
      ['blob', 'text', 'ping'].map(
        (name) =>
          new Promise<void>((resolve) => {
            const sent = (error?: Error | null): void => {
              scene.log.note('callback', name, error)
              resolve()
            }
            if (name === 'blob') client.send(new Blob(['blob']), sent)
            else if (name === 'text') client.send('behind', sent)
            else client.ping('behind', undefined, sent)
          }),
      ),
    )
    client.terminate()
    await Promise.all([called, ...ends])
    scene.log.note('client', 'buffered', client.bufferedAmount)
  })

  sameAsWs('and cannot be read is told to its callback alone', async (scene) => {
    const folder = await mkdtemp(join(tmpdir(), 'wigwag-blob-'))
    scene.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'blob')
    await writeFile(file, Buffer.alloc(1024 * 1024))
    const { client, socket } = await scene.open()
    const blob = await openAsBlob(file)
    const closed = event(client, 'close')
    const called = new Promise<void>((resolve) => {
      client.on('close', () => writeFileSync(file, 'short'))
      client.send(blob, (error) => {
        scene.log.note('callback', error, client.readyState)
        resolve()
      })
    })
    socket.terminate()
    await closed
    await called
    await new Promise(setImmediate)
  })
})

describe('RFC 6455 §5.4 a message may be sent in fragments', () => {
  sameAsWs('with fin: false, text or binary as the first one says', async (scene) => {
    const { client, socket } = await scene.open()
    client.send('frag', { fin: false })
    client.send('men', { fin: false })
    client.ping('between')
    client.send('ts', { fin: true })
    socket.send(Buffer.from('by'), { fin: false, binary: false })
    socket.send(Buffer.from('tes'))
    socket.send('whole')
    await finish(client, socket)
  })

  sameAsWs('callbacks are called for each', async (scene) => {
    const { client, socket } = await scene.open()
    client.send('a', { fin: false }, scene.log.callback('callback', 'a'))
    client.send('b', scene.log.callback('callback', 'b'))
    await finish(client, socket)
  })
})

describe('binaryType says what bytes are told as', () => {
  for (const type of ['nodebuffer', 'arraybuffer', 'fragments', 'blob', 'unknown']) {
    sameAsWs(type, async (scene) => {
      const { client, socket } = await scene.open()
      client.binaryType = type as never
      scene.log.note('client', 'type', client.binaryType)
      socket.send(Buffer.from('bytes'))
      socket.send(Buffer.alloc(0))
      socket.send('text')
      socket.send(Buffer.alloc(300, 65))
      await finish(client, socket)
    })
  }
})

describe('pings and pongs', () => {
  sameAsWs('are told with their payload, and answered', async (scene) => {
    const { client, socket } = await scene.open()
    const ponged = event(client, 'pong')
    client.ping('hello')
    await ponged
    socket.pong(Buffer.from('unasked'))
    socket.ping()
    client.pong(123)
    client.ping(0)
    client.ping(Uint8Array.of(65, 66), undefined, scene.log.callback('callback', 'ping'))
    client.ping(scene.log.callback('callback', 'bare ping'))
    client.pong('x', scene.log.callback('callback', 'pong') as never)
    const again = event(client, 'pong')
    client.ping('last')
    await again
    await finish(client, socket)
  })

  sameAsWs('carry at most 125 bytes', async (scene) => {
    const { client, socket } = await scene.open()
    scene.log.try('call', 'ping 125', () => client.ping('x'.repeat(125)))
    scene.log.try('call', 'ping 126', () => client.ping('x'.repeat(126)))
    scene.log.try('call', 'pong 126', () => client.pong(Buffer.alloc(126)))
    await finish(client, socket)
  })

  sameAsWs('are not answered with autoPong: false', async (scene) => {
    const { client, socket } = await scene.open({ autoPong: false })
    const pinged = event(socket, 'ping')
    client.ping('unanswered')
    await pinged
    await finish(client, socket)
  })
})

describe('callbacks of send', () => {
  sameAsWs('are called in order when it is written', async (scene) => {
    const { client, socket } = await scene.open()
    client.send('a', scene.log.callback('callback', 'a'))
    client.send('b', {}, scene.log.callback('callback', 'b'))
    client.send('c', undefined as never, scene.log.callback('callback', 'c'))
    scene.log.note('callback', 'sent')
    await finish(client, socket)
  })

  sameAsWs('are called in the same turn: a stream writes many chunks before it ends', async (scene) => {
    const { client, socket } = await scene.open()
    await new Promise<void>((resolve) => {
      let left = 100
      const next = (): void => {
        if (left-- > 0) client.send('chunk', next)
        else scene.log.note('order', 'all chunks')
      }
      setImmediate(() => {
        next()
        setImmediate(() => {
          scene.log.note('order', 'the next turn')
          resolve()
        })
      })
    })
    await finish(client, socket)
  })

  sameAsWs('bufferedAmount is 0 behind a send to a peer that reads, and grows for one that does not', async (scene) => {
    const { client, socket } = await scene.open()
    client.send('small')
    scene.log.note('amount', client.bufferedAmount)
    socket.pause()
    for (let i = 0; i < 64; i++) client.send(Buffer.alloc(1 << 20))
    scene.log.note('amount', client.bufferedAmount > 1 << 20)
    client.terminate()
    socket.terminate()
    await event(client, 'close')
  })
})

describe('pause and resume', () => {
  sameAsWs('a paused socket tells nothing', async (scene) => {
    const { client, socket } = await scene.open()
    client.pause()
    scene.log.note('client', client.isPaused)
    const sent = new Promise((resolve) => socket.send('while paused', resolve))
    await sent
    await new Promise((resolve) => setTimeout(resolve, 30))
    scene.log.note('client', 'resumed')
    const told = event(client, 'message')
    client.resume()
    scene.log.note('client', client.isPaused)
    await told
    await finish(client, socket)
  })

  sameAsWs('have no effect before and behind', async (scene) => {
    const { url } = await scene.serve()
    const client = new scene.face(url)
    client.pause()
    scene.log.note('client', client.isPaused)
    await event(client, 'open')
    client.close()
    await event(client, 'close')
    client.pause()
    client.resume()
    scene.log.note('client', client.isPaused)
  })
})

describe('allowSynchronousEvents: false', () => {
  sameAsWs('tells one message in a turn', async (scene) => {
    const { client, socket } = await scene.open({}, { allowSynchronousEvents: false })
    client.on('message', (data) => queueMicrotask(() => scene.log.note('client', 'microtask', data)))
    client.on('message', (data) => process.nextTick(() => scene.log.note('client', 'tick', data)))
    for (const text of ['a', 'b', 'c']) socket.send(text)
    socket.ping('d')
    await finish(socket, client)
  })
})
