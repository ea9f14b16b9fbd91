import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createHub } from '@wigwag/hub/node'

const TICK_MS = Number(process.env.TICK_MS ?? 500)
const FILES = ['page.js', 'poll-by-interval.js', 'poll-by-timeout.js', 'long-poll.js', 'event-stream.js']

const hub = createHub({ history: { size: 1000 } })

const server = createServer(async ({ url }, response) => {
  const name = url === '/' ? 'index.html' : FILES.find((file) => url === `/${file}`)
  if (name === undefined) {
    response.writeHead(404).end()
    return
  }
  const type = name.endsWith('.js') ? 'text/javascript' : 'text/html'
  response.setHeader('content-type', `${type}; charset=utf-8`)
  response.end(await readFile(new URL(name, import.meta.url)))
})

// The server counts, and everybody may look.
hub.attach(server, { authorize: ({ action }) => action === 'subscribe' })
let count = 0
const timer = setInterval(() => {
  hub.publish('ticks', ++count, { tags: { type: 'tick' } }).catch(console.error)
}, TICK_MS)

server.listen(Number(process.env.PORT ?? 8000), '127.0.0.1', () => {
  console.log(`http://localhost:${server.address().port}/`)
})

process.once('SIGTERM', async () => {
  clearInterval(timer)
  await hub.drain()
  server.close()
})
