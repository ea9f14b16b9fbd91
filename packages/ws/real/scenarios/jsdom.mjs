import { once } from 'node:events'
import { JSDOM } from 'jsdom'
import { WebSocketServer } from 'ws'

// The newest jsdom whose WebSocket is made of `ws`: from 28 on it is undici's.
export const packages = ['jsdom']

/** The WebSocket that scripts of a page find. */
export async function play(check) {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    perMessageDeflate: { threshold: 0 },
    handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
    verifyClient: ({ req }) => !req.url.startsWith('/refused'),
  })
  await once(server, 'listening')
  server.on('headers', (lines) => lines.push('Set-Cookie: given=1'))
  server.on('connection', (socket, request) => {
    const { origin, cookie, 'user-agent': agent } = request.headers
    check('request', [request.url, origin, cookie, /jsdom/.test(agent)])
    socket.on('message', (data, isBinary) => {
      if (String(data) === 'close') socket.close(4001, 'wie gewünscht')
      else if (String(data) === 'terminate') socket.terminate()
      else socket.send(data, { binary: isBinary })
    })
    socket.on('close', (code, reason) => check(`closed at the server, ${request.url}`, [code, String(reason)]))
  })
  const url = `ws://127.0.0.1:${server.address().port}`
  const dom = new JSDOM('', { url: url.replace('ws', 'http'), runScripts: 'outside-only' })
  const { window } = dom
  window.document.cookie = 'page=1'

  const socket = new window.WebSocket(`${url}/one`, ['chat', 'other'])
  check('connecting', [socket.readyState, socket.url, socket.binaryType])
  throws(check, 'send while connecting', () => socket.send('x'))
  await heard(socket, 'open')
  check('open', [socket.readyState, socket.protocol, socket.extensions])
  check('cookies', window.document.cookie)
  for (const binaryType of ['blob', 'arraybuffer']) {
    socket.binaryType = binaryType
    for (const data of ['text', 'x'.repeat(70_000), '', new window.Uint8Array([1, 2, 3]), new window.Blob(['blob'])]) {
      const answer = heard(socket, 'message')
      socket.send(data)
      const { data: got, origin } = await answer
      check(`echo, ${binaryType}`, [got.constructor.name, got.length ?? got.size ?? got.byteLength, origin])
    }
  }
  check('buffered', socket.bufferedAmount, 0)
  throws(check, 'close with a code that is not allowed', () => socket.close(1001))
  const closed = heard(socket, 'close')
  socket.send('close')
  check('closed by the server', describe(await closed), { code: 4001, reason: 'wie gewünscht', wasClean: true })

  const own = new window.WebSocket(`${url}/two`)
  await heard(own, 'open')
  const ended = heard(own, 'close')
  own.close(3001, 'enough')
  check('closed by the page', describe(await ended), { code: 3001, reason: 'enough', wasClean: true })

  for (const path of ['/refused', '/terminate', '/early']) {
    const lost = new window.WebSocket(url + path)
    lost.onerror = (event) => check(`${path}: error`, [event.type, lost.readyState])
    lost.onopen = () => lost.send('terminate')
    if (path === '/early') lost.close()
    check(`${path}: closed`, describe(await heard(lost, 'close')))
  }
  for (const address of ['http//', 'ftp://a', 'ws://a/#b']) {
    throws(check, `new WebSocket('${address}')`, () => new window.WebSocket(address))
  }
  const left = new window.WebSocket(`${url}/window`)
  await heard(left, 'open')
  const [atServer] = [...server.clients].filter(({ readyState }) => readyState === 1)
  const gone = once(atServer, 'close')
  window.close()
  check('the window is closed', (await gone)[0], 1001)
  await new Promise((resolve) => server.close(resolve))
}

const heard = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }))
const describe = ({ code, reason, wasClean }) => ({ code, reason, wasClean })

function throws(check, name, act) {
  try {
    act()
    check(name, 'nothing thrown')
  } catch (error) {
    check(name, `${error.name}: ${error.message}`)
  }
}
