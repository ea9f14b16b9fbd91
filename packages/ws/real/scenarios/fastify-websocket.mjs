import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import WebSocket from 'ws'
import { playOwnTests } from '../harness/own-tests.mjs'

export const packages = ['@fastify/websocket']
/** One of its own tests listens on 3000. */
export const fixedPorts = true

/** Its README in short, and the tests that it publishes. */
export async function play(check) {
  await routes(check)
  const files = readdirSync('node_modules/@fastify/websocket/test').map((file) => `test/${file}`)
  await playOwnTests(check, '@fastify/websocket', files, 66)
}

async function routes(check) {
  const fastify = Fastify()
  await fastify.register(websocket, {
    options: { maxPayload: 1_000, perMessageDeflate: true },
    errorHandler(error, socket) {
      check('error handler', [error.message, error.code])
      socket.terminate()
    },
  })
  fastify.addHook('preValidation', async (request, reply) => {
    if (request.query.token === 'wrong') await reply.code(401).send('not you')
  })
  fastify.get('/echo', { websocket: true }, (socket, request) => {
    check('request', [request.ws, request.query.name])
    socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }))
  })
  fastify.get('/stream', { websocket: true }, (socket) => {
    const stream = WebSocket.createWebSocketStream(socket, { encoding: 'utf8' })
    stream.pipe(stream)
  })
  fastify.get('/all', { websocket: true }, (socket) => {
    socket.on('message', (message) => {
      for (const client of fastify.websocketServer.clients) {
        if (client.readyState === WebSocket.OPEN) client.send(`${message}`)
      }
    })
  })
  await fastify.listen({ port: 0, host: '127.0.0.1' })
  const url = `ws://127.0.0.1:${fastify.server.address().port}`
  for (const path of ['/echo?name=ada', '/stream']) {
    const client = new WebSocket(url + path)
    await once(client, 'open')
    check(`${path}: extensions`, client.extensions, 'permessage-deflate')
    for (const text of ['hello', 'x'.repeat(900)]) {
      client.send(text)
      check(`${path}: echo`, String((await once(client, 'message'))[0]), text)
    }
    const closed = closeOf(client)
    client.close(1000, 'bye')
    check(`${path}: closed`, await closed)
  }
  const large = new WebSocket(`${url}/echo`)
  await once(large, 'open')
  const refused = closeOf(large)
  large.send('x'.repeat(2_000))
  check('more than is allowed', (await refused)[0])
  for (const path of ['/nowhere', '/echo?token=wrong']) {
    const client = new WebSocket(url + path)
    client.on('error', (error) => check(`${path}: error`, error))
    check(`${path}: closed`, await closeOf(client))
  }
  const crowd = Array.from({ length: 4 }, () => new WebSocket(`${url}/all`))
  await Promise.all(crowd.map((client) => once(client, 'open')))
  const heard = Promise.all(crowd.map((client) => once(client, 'message')))
  crowd[0].send('hi')
  check(
    'broadcast',
    (await heard).map(([message]) => String(message)),
    Array(4).fill('hi'),
  )
  const closed = Promise.all(crowd.map(closeOf))
  await fastify.close()
  check('closed with the server', await closed)
}

const closeOf = (socket) =>
  new Promise((resolve) => socket.once('close', (code, reason) => resolve([code, String(reason)])))
