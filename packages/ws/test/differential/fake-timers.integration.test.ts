import { describe, vi } from 'vitest'
import { event } from '../support/log.ts'
import { sameAsWs } from '../support/scene.ts'

describe('while a test has timers of its own in place of those of Node', () => {
  sameAsWs('sockets connect, speak and close as ever', async (scene) => {
    vi.useFakeTimers()
    scene.after(() => vi.useRealTimers())
    const { client, socket } = await scene.open()
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    for (const data of ['text', Buffer.from('bytes'), 'x'.repeat(300_000)]) {
      const answer = event(client, 'message')
      client.send(data, scene.log.callback('client', 'send'))
      await answer
    }
    const pong = event(socket, 'pong')
    socket.ping('still there?')
    await pong
    const closed = [event(client, 'close'), event(socket, 'close')]
    client.close(4000, 'enough')
    await Promise.all(closed)
  })

  sameAsWs('compressed messages, read by a stream, come as ever', async (scene) => {
    vi.useFakeTimers()
    scene.after(() => vi.useRealTimers())
    const { client, socket } = await scene.open({ perMessageDeflate: { threshold: 0 } })
    const stream = scene.face.createWebSocketStream(client, { encoding: 'utf8' })
    let text = ''
    const ended = event(stream, 'end')
    stream.on('data', (chunk: string) => {
      text += chunk
    })
    for (let n = 0; n < 20; n++) socket.send(`${n} `.repeat(1_000))
    socket.close()
    await ended
    scene.log.note('stream', text.length)
  })
})
