import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import webpack from 'webpack'
import DevServer from 'webpack-dev-server'
import WebsocketServer from 'webpack-dev-server/lib/servers/WebsocketServer.js'
import WebSocket from 'ws'

// The newest for Node 20. What vite brings is bundled, so that nothing can replace it.
export const packages = ['webpack-dev-server']

/** What the client in the page is told: hashes, results, errors, and that the server goes. */
export async function play(check) {
  const folder = await mkdtemp(join(tmpdir(), 'wigwag-dev-server-'))
  const entry = join(folder, 'entry.js')
  await writeFile(entry, 'console.log(1)\n')
  const compiler = webpack({
    mode: 'development',
    context: folder,
    entry,
    output: { path: join(folder, 'dist') },
    infrastructureLogging: { level: 'none' },
    stats: 'none',
  })
  // Who has not answered by the next ping is dropped: compiling takes longer than a second on a busy machine.
  WebsocketServer.heartbeatInterval = 4_000
  const server = new DevServer(
    { host: '127.0.0.1', port: 0, hot: true, client: { overlay: true, progress: true }, static: false },
    compiler,
  )
  await server.start()
  const url = `ws://127.0.0.1:${server.server.address().port}/ws`
  const page = new Listener(url)
  await page.until('ok')
  const first = page.take()
  check('told at first', lasting(first))
  check('its hash', /^[0-9a-f]{20}$/.test(first.find(({ type }) => type === 'hash').data), true)

  await writeFile(entry, 'console.log(2)\n')
  await page.until('ok')
  check('told of a change', settled(page.take()))
  await writeFile(entry, 'console.log(\n')
  await page.until('errors')
  check('told of an error', settled(page.take()))
  const late = new Listener(url)
  await late.until('errors')
  check('who comes late is told, too', lasting(late.take()))
  server.sendMessage(server.webSocketServer.clients, 'static-changed', 'x'.repeat(100_000))
  await Promise.all([page, late].map((one) => one.until('static-changed')))
  check('a large message', late.take().at(-1).data.length, 100_000)
  const pinged = once(late.socket, 'ping')
  await pinged
  check('pings', server.webSocketServer.clients.length, 2)

  const foreign = new WebSocket(url, { origin: 'http://evil.example' })
  const [message] = await once(foreign, 'message')
  check('another origin', String(message))
  await closeOf(foreign)
  for (const path of ['/elsewhere', '/ws?a=1']) {
    const socket = new WebSocket(url.replace('/ws', path))
    socket.on('error', (error) => check(`${path}: error`, error.message))
    // Nobody answers there.
    const timer = path === '/elsewhere' ? setTimeout(() => socket.terminate(), 300) : undefined
    const opened = await Promise.race([once(socket, 'open').then(() => true), closeOf(socket).then(() => false)]).catch(
      () => false,
    )
    clearTimeout(timer)
    check(`${path}: open`, opened)
    socket.terminate()
    await closeOf(socket)
  }
  const ended = Promise.all([page, late].map(({ socket }) => closeOf(socket)))
  await server.stop()
  check('closed with the server', await ended)
  await new Promise((resolve) => compiler.close(resolve))
  await rm(folder, { recursive: true })
}

/** What a page is told. */
class Listener {
  #told = []

  constructor(url) {
    this.socket = new WebSocket(url, { origin: new URL(url.replace('ws', 'http')).origin })
    this.socket.on('message', (data) => this.#told.push(JSON.parse(String(data))))
  }

  /** A compilation may be told of in more than one go. */
  async until(type) {
    while (!this.#told.some((one) => one.type === type)) await once(this.socket, 'message')
  }

  take() {
    return this.#told.splice(0)
  }
}

/** Without progress, of which there is as much as the compiler has to do when the page comes. */
function lasting(told) {
  return told.map(({ type }) => type).filter((type) => type !== 'progress-update')
}

/** How it was told in the end: a watcher may notice one change twice. */
function settled(told) {
  return told.filter(({ type }) => ['ok', 'errors', 'warnings'].includes(type)).at(-1)?.type
}

const closeOf = (socket) =>
  socket.readyState === WebSocket.CLOSED
    ? Promise.resolve('closed before')
    : new Promise((resolve) => socket.once('close', (code, reason) => resolve([code, String(reason)])))
