import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setupWSConnection } from '@y/websocket-server/utils'
import WebSocket, { WebSocketServer } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

export const packages = ['@y/websocket-server', 'y-websocket']

/** Documents and awareness shared by several clients, on the server's command and on its function. */
export async function play(check) {
  await withCommand(check)
  await withFunction(check)
}

async function withCommand(check) {
  const port = await freePort()
  const server = spawn(process.execPath, ['node_modules/@y/websocket-server/dist/server.cjs'], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: String(port) },
  })
  process.once('exit', () => server.kill())
  await once(server.stdout, 'data')
  await conversation((what, ...values) => check(`command: ${what}`, ...values), `ws://127.0.0.1:${port}`)
  const orphan = join(`ws://127.0.0.1:${port}`, 'orphan')
  await until(orphan, 'sync', () => orphan.synced)
  const left = new Promise((resolve) => orphan.once('connection-close', resolve))
  const exited = once(server, 'exit')
  server.kill()
  await exited
  check('command: the server is gone', (await left)?.code, 1006)
  orphan.destroy()
}

async function withFunction(check) {
  const http = createServer()
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: true })
  sockets.on('connection', setupWSConnection)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `ws://127.0.0.1:${http.address().port}`
  await conversation((what, ...values) => check(`function: ${what}`, ...values), url)

  const [one, two] = [join(url, 'cut'), join(url, 'cut')]
  await Promise.all([one, two].map((provider) => until(provider, 'sync', () => provider.synced)))
  one.ws.terminate()
  one.doc.getText('t').insert(0, 'while away')
  await until(one, 'status', () => one.wsconnected && one.synced)
  await until(two.doc, 'update', () => two.doc.getText('t').length > 0)
  check('function: back again after a cut', String(two.doc.getText('t')), 'while away')
  for (const provider of [one, two]) provider.destroy()
  while (sockets.clients.size > 0) await new Promise(setImmediate)
  sockets.close()
  await new Promise((resolve) => http.close(resolve))
}

async function conversation(check, url) {
  const [ada, bob] = [join(url, 'room'), join(url, 'room')]
  await Promise.all([ada, bob].map((provider) => until(provider, 'sync', () => provider.synced)))
  const text = ada.doc.getText('t')
  text.insert(0, 'hello')
  await until(bob.doc, 'update', () => bob.doc.getText('t').length === 5)
  bob.doc.getText('t').insert(5, ' world')
  await until(ada.doc, 'update', () => text.length === 11)
  check('text', String(text), 'hello world')
  for (let n = 0; n < 500; n++) ada.doc.getArray('a').push([n])
  await until(bob.doc, 'update', () => bob.doc.getArray('a').length === 500)
  check('many small updates', bob.doc.getArray('a').toArray(), ada.doc.getArray('a').toArray())
  ada.doc.getMap('m').set('large', 'x'.repeat(500_000))
  await until(bob.doc, 'update', () => bob.doc.getMap('m').has('large'))
  check('a large one', bob.doc.getMap('m').get('large').length, 500_000)
  const carol = join(url, 'room')
  await until(carol, 'sync', () => carol.synced)
  check('who comes later has it all', carol.doc.getText('t').toString(), 'hello world')
  carol.awareness.setLocalStateField('name', 'carol')
  const states = () => [...ada.awareness.getStates().values()].filter(({ name }) => name)
  await until(ada.awareness, 'change', () => states().length === 1)
  check('awareness', states(), [{ name: 'carol' }])
  const closed = new Promise((resolve) =>
    carol.ws.addEventListener('close', ({ code, wasClean }) => resolve([code, wasClean])),
  )
  carol.destroy()
  await until(ada.awareness, 'change', () => states().length === 0)
  check('awareness of one who has left', states(), [])
  check('closed', await closed)
  for (const provider of [ada, bob]) provider.destroy()
}

/** Without the way between tabs of a browser, which there is in Node, too. */
function join(url, room) {
  return new WebsocketProvider(url, room, new Y.Doc(), { WebSocketPolyfill: WebSocket, disableBc: true })
}

async function until(source, event, holds) {
  while (!holds()) await new Promise((resolve) => source.once(event, resolve))
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
