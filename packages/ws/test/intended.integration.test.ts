import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { encodeExtensions, parseExtensions } from '@wigwag/socket/core'
import { readFrames } from '@wigwag/socket/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { LOCALHOST_CERTIFICATE } from '../../socket/test/node/support/localhost-certificate.ts'
import { type Face, ours, theirs } from './support/faces.ts'
import { event } from './support/log.ts'
import { Scene, sameAsWs, upgradeRequest } from './support/scene.ts'

// What docs/from-ws.md lists as different, on purpose: each with what the one does and what the other.

const scenes: Scene[] = []
afterEach(async () => {
  for (const scene of scenes.splice(0)) await scene.end()
})

function sceneOf(face: Face): Scene {
  const scene = new Scene(face)
  scenes.push(scene)
  return scene
}

/** What both do. */
async function both<T>(play: (scene: Scene) => Promise<T>): Promise<{ readonly ws: T; readonly face: T }> {
  return { ws: await play(sceneOf(theirs)), face: await play(sceneOf(ours)) }
}

/** The first line of the answer to an upgrade. */
const statusOf =
  (request: string, options = {}) =>
  async (scene: Scene): Promise<string | undefined> => {
    const { url } = await scene.serve(options)
    const peer = await scene.dial(url)
    peer.socket.write(request)
    return (await peer.head()).split('\r\n')[0]
  }

const SWITCHED = 'HTTP/1.1 101 Switching Protocols'

describe('stricter, because RFC 6455 is', () => {
  test('§4.2.1 item 6: version 8 is refused', async () => {
    const request = upgradeRequest().replace('Version: 13', 'Version: 8')
    expect(await both(statusOf(request))).toEqual({ ws: SWITCHED, face: 'HTTP/1.1 400 Bad Request' })
  })

  test('an upgrade must not have a body, which would be taken for frames', async () => {
    const request = upgradeRequest('/', 'Content-Length: 3\r\n')
    expect(await both(statusOf(request))).toEqual({ ws: SWITCHED, face: 'HTTP/1.1 400 Bad Request' })
  })

  test('§9.1 malformed extensions are refused, wanted or not', async () => {
    const request = upgradeRequest('/', 'Sec-WebSocket-Extensions: a;;\r\n')
    expect(await both(statusOf(request))).toEqual({ ws: SWITCHED, face: 'HTTP/1.1 400 Bad Request' })
  })

  test('RFC 7692 §5.1 an offer that cannot be accepted is declined', async () => {
    const request = upgradeRequest('/', 'Sec-WebSocket-Extensions: permessage-deflate; unknown\r\n')
    expect(await both(statusOf(request, { perMessageDeflate: true }))).toEqual({
      ws: 'HTTP/1.1 400 Bad Request',
      face: SWITCHED,
    })
  })

  test('§5.2 a length must be in its shortest form', async () => {
    const told = await both(async (scene) => {
      const { peer, socket } = await scene.openRaw()
      const either = Promise.race([event(socket, 'error'), event(socket, 'message')])
      peer.socket.write(Buffer.from([0x81, 0xfe, 0, 1, 0, 0, 0, 0, 65]))
      const [what] = await either
      return what instanceof Error ? (what as NodeJS.ErrnoException).code : String(what)
    })
    expect(told).toEqual({ ws: 'A', face: 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH' })
  })

  test('§4.1 a client speaks version 13 only', () => {
    expect(() => new ours('ws://127.0.0.1:1', { protocolVersion: 8 })).toThrow(
      new RangeError('Unsupported protocol version: 8 (supported versions: 13)'),
    )
  })
})

describe('said, where ws is silent', () => {
  test('a Close frame says which fault it is for, and an error why', async () => {
    const { peer, socket } = await sceneOf(ours).openRaw()
    const failed = event(socket, 'error')
    peer.socket.write(Buffer.from([0x83, 0x80, 0, 0, 0, 0]))
    const [error] = (await failed) as [Error]
    expect(error.cause).toMatchObject({ code: 'ERR_FRAME_RESERVED_OPCODE', closeCode: 1002 })
    const [close] = await peer.frames()
    expect(close?.payload.slice(2)).toContain('opcode 0x3')
  })

  test('an answer that repeats what came is no markup', async () => {
    const scene = sceneOf(ours)
    const { url } = await scene.serve()
    const peer = await scene.dial(url)
    peer.socket.write(upgradeRequest().replace('Host: localhost', 'Host: <script>'))
    expect(await peer.head()).toContain('Content-Type: text/plain')
  })
})

describe('without effect', () => {
  test('masks are as RFC 6455 §5.1 wants them, whatever is asked for', async () => {
    const { peer, socket } = await sceneOf(ours).openRaw()
    socket.send('unmasked', { mask: true })
    const chunk = await new Promise<Buffer>((resolve) => peer.socket.once('data', resolve))
    expect(readFrames(new Uint8Array(chunk))).toMatchObject([{ masked: false }])
  })

  test('fragments are put together as they come', async () => {
    const { peer, socket } = await sceneOf(ours).openRaw()
    socket.binaryType = 'fragments'
    const told = event(socket, 'message')
    for (const [opcode, fin] of [
      [2, false],
      [0, true],
    ] as const)
      peer.send({ opcode, fin, payload: Buffer.from('ab') })
    expect(await told).toEqual([[Buffer.from('abab')], true])
  })
})

describe('permessage-deflate', () => {
  test('is offered and answered as ws does it, and compresses with less', async () => {
    const offers = await both(async (scene) => {
      const { url, server } = await scene.serve({ perMessageDeflate: true })
      const connected = event(server, 'connection')
      const client = new scene.face(url)
      scene.after(() => client.terminate())
      const [, request] = (await connected) as [unknown, { headers: Record<string, string> }]
      await event(client, 'open')
      return request.headers['sec-websocket-extensions']
    })
    expect(offers.face).toBe(offers.ws)
    const parsed = parseExtensions(offers.face ?? '')
    expect('offers' in parsed && encodeExtensions(parsed.offers)).toBe('permessage-deflate; client_max_window_bits')
  })
})

describe('over TLS', () => {
  sameAsWs('it is the same', async (scene) => {
    const server = createTlsServer(LOCALHOST_CERTIFICATE)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    scene.after(() => server.close())
    const sockets = new scene.face.WebSocketServer({
      server,
      verifyClient: ({ secure }: { secure: boolean }) => {
        scene.log.note('verify', secure)
        return true
      },
    })
    sockets.on('connection', (socket) => {
      scene.log.watch('server', socket).on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    })
    const url = `wss://localhost:${(server.address() as AddressInfo).port}/`
    const refused = scene.log.watch('refused', new scene.face(url))
    await event(refused, 'close')
    const client = scene.log.watch('client', new scene.face(url, { rejectUnauthorized: false }))
    await event(client, 'open')
    client.send('x'.repeat(100_000))
    await event(client, 'message')
    const ended = [event(client, 'close'), ...[...sockets.clients].map((socket) => event(socket, 'close'))]
    client.close(1000, 'done')
    await Promise.all(ended)
  })
})
