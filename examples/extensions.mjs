import { connectWebSocket, WebSocketServer } from '@wigwag/socket'
import { BrotliExtension } from './brotli-extension.mjs'
import { ChecksumExtension } from './checksum-extension.mjs'

// One server that speaks three extensions, and clients that offer some of them: what is negotiated, and what it saves.
const server = new WebSocketServer({
  extensions: [new ChecksumExtension(), new BrotliExtension()],
  perMessageDeflate: true,
  authorize: ({ incoming: { socket } }) => ({ tcp: socket, headBytes: socket.bytesRead }),
  // Whoever says goodbye is told how much it has sent, frames and all.
  message: (socket, data) => {
    const { tcp, headBytes } = socket.data
    if (data === 'bye') socket.send(String(tcp.bytesRead - headBytes))
  },
})
const { port } = await server.listen({ port: Number(process.env.PORT ?? 8080), host: '127.0.0.1' })

const clients = {
  'no extension': { perMessageDeflate: false },
  'permessage-deflate': {},
  'Brotli, or else permessage-deflate': { extensions: [new BrotliExtension(9)] },
  'a checksum, and permessage-deflate': { extensions: [new ChecksumExtension()] },
  'a checksum, and Brotli': { extensions: [new ChecksumExtension(), new BrotliExtension()], perMessageDeflate: false },
}

const quotes = Array.from({ length: 200 }, (_, n) =>
  JSON.stringify({
    symbol: ['ABC', 'DEF', 'GHI'][n % 3],
    price: 100 + ((n * 37) % 11),
    currency: 'EUR',
    traded: n * 50,
    exchange: 'The Exchange of Wigwag, Semaphore and Heliograph',
    at: 1_790_000_000_000 + n * 250,
  }),
)
const page = `<ul>\n${quotes.map((quote) => `  <li>${quote}</li>\n`).join('')}</ul>`

for (const [offered, options] of Object.entries(clients)) {
  const [header, small] = await measure(options, quotes)
  const [, large] = await measure(options, [page])
  console.log(`offered: ${offered}`)
  console.log(`  in use: ${header === '' ? '(nothing)' : header}`)
  console.log(`  ${quotes.length} quotes: ${small} bytes; one page: ${large} bytes`)
}
await server.close()

/** Sends messages and resolves with what was negotiated, and how many bytes they took. */
function measure(options, messages) {
  return new Promise((resolve, reject) => {
    connectWebSocket(`ws://127.0.0.1:${port}`, {
      ...options,
      open: (socket) => {
        for (const message of [...messages, 'bye']) socket.send(message)
      },
      message: (socket, bytes) => {
        resolve([socket.extensions, Number(bytes)])
        socket.close(1000)
      },
    }).catch(reject)
  })
}
