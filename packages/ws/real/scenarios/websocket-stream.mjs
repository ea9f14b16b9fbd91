import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { pipeline } from 'node:stream/promises'

const connect = createRequire(import.meta.url)('websocket-stream')

export const packages = ['websocket-stream']

/** Streams at both ends: its server hands them out, bytes and objects are piped, either side ends. */
export async function play(check) {
  const http = createServer()
  const accepted = []
  const server = connect.createServer({ server: http, perMessageDeflate: false }, (stream, request) => {
    check('request', request.url)
    accepted.push(stream)
    stream.on('error', (error) => check('an error at the server', error.message))
    if (request.url === '/echo') stream.pipe(stream)
    else if (request.url === '/ends') stream.end('the end')
    else if (request.url === '/destroys') stream.destroy()
  })
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve))
  const url = `ws://127.0.0.1:${http.address().port}`

  // It gives null where it is told of no subprotocol.
  try {
    connect(url, { perMessageDeflate: false })
  } catch (error) {
    check('no subprotocols', error)
  }
  for (const [name, options] of [
    ['bytes', { perMessageDeflate: false }],
    ['with an offer of permessage-deflate', { perMessageDeflate: true }],
    ['a low mark', { perMessageDeflate: false, highWaterMark: 1024, browserBufferSize: 1024 }],
  ]) {
    const client = connect(`${url}/echo`, [], options)
    check(`${name}: subprotocol`, client.socket.protocol)
    const sent = Buffer.from({ length: 500_000 }, (_, i) => i)
    let bytes = 0
    const all = new Promise((resolve) => {
      const chunks = []
      client.on('data', (chunk) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes >= sent.length) resolve(Buffer.concat(chunks))
      })
    })
    for (let at = 0; at < sent.length; at += 7_000) {
      if (!client.write(sent.subarray(at, at + 7_000))) await once(client, 'drain')
    }
    check(`${name}: come back`, sent.equals(Buffer.from(await all)), bytes === sent.length)
    const closed = once(client, 'close')
    client.end()
    await closed
    check(`${name}: ended`, [client.destroyed, client.socket.readyState])
  }
  const chunks = []
  await pipeline(connect(`${url}/ends`, [], { perMessageDeflate: false }), async (source) => {
    for await (const chunk of source) chunks.push(chunk)
  }).catch((error) => check('ended by the server', error.code))
  check('what came before the end', `${Buffer.concat(chunks)}`)
  const destroyed = connect(`${url}/destroys`, [], { perMessageDeflate: false })
  destroyed.on('error', (error) => check('an error at the client', error.message))
  destroyed.resume()
  await new Promise((resolve) => destroyed.once('close', resolve))
  check('destroyed by the server', destroyed.socket.readyState)
  const lost = connect('ws://127.0.0.1:1', [])
  check('nobody there', await new Promise((resolve) => lost.once('error', ({ message }) => resolve(message))))
  server.close()
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
}
