import { createServer } from 'node:http'
// A program written for ws runs as it is: only this line names another package, or none when it is installed as ws.
import { WebSocketServer } from '@wigwag/ws'
import express from 'express'

const app = express()
app.get('/', (_request, response) => {
  response.type('html').send(`<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Express and WebSockets on one port</title>
<style>body { font: 16px/1.5 system-ui; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }</style>
<h1>Express and WebSockets on one port</h1>
<p id="state">Connecting …</p>
<ol id="messages"></ol>
<script type="module">
  const socket = new WebSocket(location.href.replace('http', 'ws'))
  socket.onopen = () => {
    state.textContent = 'Connected'
    socket.send('hello from the page')
  }
  socket.onclose = ({ code }) => (state.textContent = 'Closed with ' + code)
  socket.onmessage = ({ data }) =>
    messages.append(Object.assign(document.createElement('li'), { textContent: data }))
</script>`)
})

const server = createServer(app)
const sockets = new WebSocketServer({ server })

sockets.on('connection', (socket) => {
  socket.isAlive = true
  socket.on('error', console.error)
  socket.on('pong', () => {
    socket.isAlive = true
    console.log('pong')
  })
  socket.on('message', (data) => {
    console.log('received: %s', data)
    for (const client of sockets.clients) client.send(`someone said: ${data}`)
  })
  socket.send('something from the server')
})

// Who has not answered the last ping is gone.
const pings = setInterval(
  () => {
    for (const socket of sockets.clients) {
      if (!socket.isAlive) {
        socket.terminate()
        continue
      }
      socket.isAlive = false
      socket.ping()
    }
  },
  Number(process.env.PING_INTERVAL ?? 2000),
)
sockets.on('close', () => clearInterval(pings))

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`page and sockets on http://127.0.0.1:${server.address().port}/`)
})
