import { describe } from 'vitest'
import { event } from '../support/log.ts'
import { type Scene, sameAsWs } from '../support/scene.ts'

const bothClosed = (ends: { client: never; socket: never } | Awaited<ReturnType<Scene['open']>>): Promise<unknown> =>
  Promise.all([event(ends.client, 'close'), event(ends.socket, 'close')])

describe('close', () => {
  for (const parameters of [
    [],
    [1000],
    [1000, 'bye'],
    [4000, Buffer.from('bytes')],
    [3000, ''],
    [1001, 'é'.repeat(61)],
  ] as const) {
    for (const who of ['client', 'socket'] as const) {
      sameAsWs(`by the ${who}, with ${JSON.stringify(parameters)}`, async (scene) => {
        const ends = await scene.open()
        const closed = bothClosed(ends)
        for (const end of [ends.client, ends.socket]) {
          end.addEventListener('close', ({ code, reason, wasClean }) => scene.log.note('event', code, reason, wasClean))
        }
        ends[who].close(...(parameters as [number, string]))
        scene.log.note(who, ends[who].readyState)
        await closed
      })
    }
  }

  sameAsWs('refuses codes and reasons that cannot be sent', async (scene) => {
    const ends = await scene.open()
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, '1000', null, Number.NaN]) {
      scene.log.try('call', `close ${String(code)}`, () => ends.client.close(code as never))
    }
    scene.log.try('call', 'too long', () => ends.client.close(1000, 'x'.repeat(124)))
    scene.log.try('call', 'no text', () => ends.client.close(1000, [1, 2] as never))
    scene.log.note('client', ends.client.readyState)
    const closed = bothClosed(ends)
    ends.client.close(1000)
    scene.log.try('call', 'again', () => ends.client.close(0))
    await closed
    scene.log.try('call', 'behind', () => ends.client.close(0))
  })

  sameAsWs('by both at once', async (scene) => {
    const ends = await scene.open()
    const closed = bothClosed(ends)
    ends.client.close(4001, 'client')
    ends.socket.close(4002, 'server')
    await closed
  })

  sameAsWs('what was sent before it arrives; what is sent behind it is refused', async (scene) => {
    const ends = await scene.open()
    const closed = bothClosed(ends)
    ends.client.send('before')
    ends.client.close()
    ends.client.send('behind', scene.log.callback('callback', 'closing'))
    ends.client.ping('12', undefined, scene.log.callback('callback', 'ping'))
    ends.client.pong(Buffer.alloc(3), undefined, scene.log.callback('callback', 'pong'))
    ends.client.send(Buffer.alloc(1000))
    scene.log.note('client', ends.client.bufferedAmount)
    await closed
    ends.client.send('closed', scene.log.callback('callback', 'closed'))
    await new Promise(setImmediate)
    scene.log.note('client', ends.client.bufferedAmount)
  })
})

describe('the end without a closing handshake', () => {
  for (const who of ['client', 'socket'] as const) {
    sameAsWs(`terminate by the ${who}: 1006 on both ends, and no error`, async (scene) => {
      const ends = await scene.open()
      const closed = bothClosed(ends)
      ends[who].terminate()
      scene.log.note(who, ends[who].readyState)
      await closed
      ends[who].terminate()
    })
  }

  sameAsWs('a peer that resets: 1006, and no error', async (scene) => {
    const { peer, socket } = await scene.openRaw()
    const closed = event(socket, 'close')
    peer.socket.resetAndDestroy()
    await closed
  })

  sameAsWs('a peer that ends: 1006', async (scene) => {
    const { peer, socket } = await scene.openRaw()
    const closed = event(socket, 'close')
    peer.socket.end()
    await closed
  })

  sameAsWs('a peer that never answers: dropped at the close time-out', async (scene) => {
    const { socket } = await scene.openRaw({ closeTimeout: 300 } as never)
    const closed = event(socket, 'close')
    socket.close(1000, 'unanswered')
    await closed
  })
})

describe('what was sent is delivered, however the socket is ended in the same breath', () => {
  const endings: Record<string, (socket: Awaited<ReturnType<Scene['open']>>['socket']) => void> = {
    'terminate()': (socket) => socket.terminate(),
    '_socket.destroy()': (socket) => (socket as unknown as { _socket: { destroy(): void } })._socket.destroy(),
    '_socket.end()': (socket) => (socket as unknown as { _socket: { end(): void } })._socket.end(),
    'close(), then _socket.destroy()': (socket) => {
      socket.close(4000, 'last')
      ;(socket as unknown as { _socket: { destroy(): void } })._socket.destroy()
    },
  }
  for (const [name, end] of Object.entries(endings)) {
    sameAsWs(name, async (scene) => {
      const ends = await scene.open()
      const closed = bothClosed(ends)
      ends.socket.send('one', scene.log.callback('callback', 'one'))
      ends.socket.send(Buffer.from('two'), scene.log.callback('callback', 'two'))
      end(ends.socket)
      await closed
    })
  }
})
