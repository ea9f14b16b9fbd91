import { once } from 'node:events'
import express from 'express'
import expressWs from 'express-ws'
import WebSocket from 'ws'

export const packages = ['express-ws']

/** Routes with `app.ws`, a router, a middleware that refuses, and the broadcast of its README. */
export async function play(check) {
  const { app, getWss, applyTo } = expressWs(express())
  app.use((request, _response, next) => {
    request.testing = 'testing'
    next()
  })
  app.get('/', (_request, response) => response.send('page'))
  app.ws('/echo/:name', (socket, request) => {
    check('route', { name: request.params.name, query: request.query, testing: request.testing })
    socket.on('message', (message, isBinary) => {
      check('what a route is given', [Buffer.isBuffer(message), isBinary])
      socket.send(message, { binary: isBinary })
    })
    socket.on('close', (code, reason) => check('close seen by the server', [code, `${reason}`]))
  })
  app.ws('/broadcast', (socket) => {
    socket.on('message', (message) => {
      for (const client of getWss().clients) client.send(`all: ${message}`)
    })
  })
  const router = express.Router()
  applyTo(router)
  router.ws('/inside', (socket) => {
    socket.send('from a router')
    socket.close(4001, 'enough')
  })
  app.use('/router', router)
  app.ws('/fails', () => {
    throw new Error('the handler failed')
  })
  app.use((error, _request, response, _next) => response.status(500).send(error.message))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${server.address().port}`

  const client = new WebSocket(`${url}/echo/ada?a=1`)
  await once(client, 'open')
  client.send('hello')
  check('echo', String((await once(client, 'message'))[0]), 'hello')
  client.send(Buffer.from([1, 2, 3]))
  const [bytes, isBinary] = await once(client, 'message')
  check('binary echo', [bytes, isBinary], [Buffer.from([1, 2, 3]), true])
  client.close(1000, 'done')
  const [code, reason] = await once(client, 'close')
  check('close seen by the client', [code, `${reason}`], [1000, 'done'])

  const crowd = Array.from({ length: 5 }, () => new WebSocket(`${url}/broadcast`))
  await Promise.all(crowd.map((one) => once(one, 'open')))
  const heard = Promise.all(crowd.map((one) => once(one, 'message')))
  crowd[0].send('hi')
  check(
    'broadcast',
    (await heard).map(([message]) => `${message}`),
    Array(5).fill('all: hi'),
  )
  check('clients', getWss().clients.size, 5)
  for (const one of crowd) one.terminate()
  await Promise.all(crowd.map((one) => once(one, 'close')))

  const inside = new WebSocket(`${url}/router/inside`)
  const ended = once(inside, 'close')
  check('router', String((await once(inside, 'message'))[0]), 'from a router')
  check('closed by a router', (await ended).map(String), ['4001', 'enough'])

  for (const path of ['/nowhere', '/fails']) {
    const lost = new WebSocket(url + path)
    lost.on('error', (error) => check(`error of ${path}`, error))
    lost.on('open', () => check(`open of ${path}`, true))
    const [lostCode] = await once(lost, 'close')
    check(`close of ${path}`, lostCode)
  }
  const page = await fetch(url.replace('ws:', 'http:'))
  check('page', await page.text(), 'page')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
