import { WEBSOCKET_PROXIES } from '@wigwag/testkit'
import { describe } from 'vitest'
import { event } from '../support/log.ts'
import { type Scene, sameAsWs } from '../support/scene.ts'

for (const { name, isHere, start } of WEBSOCKET_PROXIES) {
  describe.skipIf(!isHere)(`behind ${name}`, () => {
    /** The URL of a proxy in front of a server of this face. */
    const via = async (scene: Scene, url: string): Promise<string> => {
      const proxy = await start(new URL(url).host)
      scene.after(() => proxy[Symbol.asyncDispose]())
      return `ws://127.0.0.1:${proxy.port}/`
    }

    for (const perMessageDeflate of [false, { threshold: 0 }]) {
      sameAsWs(`messages both ways${perMessageDeflate ? ', compressed' : ''}`, async (scene) => {
        const { server, url } = await scene.serve({ perMessageDeflate, handleProtocols: () => 'chat' })
        server.on('connection', (socket, request) => {
          scene.log.note('request', request.headers['x-forwarded-for'], request.url)
          scene.log.watch('server', socket)
          socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
          socket.on('close', closed)
        })
        let closed = (): void => {}
        const noticed = new Promise<void>((resolve) => {
          closed = resolve
        })
        const client = scene.log.watch('client', new scene.face(`${await via(scene, url)}path?a=1`, ['chat', 'other']))
        await event(client, 'open')
        scene.log.note('negotiated', client.extensions, client.protocol)
        for (const data of ['', 'text', Buffer.alloc(70_000, 1), 'ü'.repeat(1_000_000)]) {
          const answer = event(client, 'message')
          client.send(data)
          await answer
        }
        const pong = event(client, 'pong')
        client.ping('through')
        await pong
        const ended = event(client, 'close')
        client.close(4001, 'done')
        await Promise.all([ended, noticed])
      })
    }

    sameAsWs('what was sent with the answer, and at once behind it', async (scene) => {
      const { server, url } = await scene.serve()
      server.on('connection', (socket) => {
        for (let n = 0; n < 100; n++) socket.send(String(n))
        socket.close(1001)
      })
      const client = scene.log.watch('client', new scene.face(await via(scene, url)))
      await event(client, 'close')
    })

    sameAsWs('who is refused', async (scene) => {
      const { url } = await scene.serve({
        verifyClient: (_info, answer) => answer(false, 401, 'who?', { 'X-Why': 'a' }),
      })
      const client = new scene.face(await via(scene, url))
      client.on('unexpected-response', (_request, response) => {
        scene.log.note('client', response.statusCode, response.headers['x-why'])
        response.resume().on('end', () => client.terminate())
      })
      client.on('error', (error) => scene.log.note('client', error))
      await event(client, 'close')
    })

    sameAsWs('nobody is there', async (scene) => {
      const client = scene.log.watch('client', new scene.face(await via(scene, 'ws://127.0.0.1:1')))
      await event(client, 'close')
    })
  })
}
