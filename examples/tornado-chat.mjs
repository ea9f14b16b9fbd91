import { randomBytes } from 'node:crypto'
import { refuse } from '@wigwag/socket'
import { Application, create_signed_value, WebSocketHandler } from './websocket-handler.mjs'

const cookie_secret = process.env.COOKIE_SECRET ?? randomBytes(32).toString('hex')

class ChatHandler extends WebSocketHandler {
  static waiters = new Set()
  static cache = []

  prepare() {
    this.user = this.get_signed_cookie('user')
    return this.user === undefined ? refuse(401, 'Open the page first: it says who you are.') : undefined
  }

  open() {
    ChatHandler.waiters.add(this)
    const count = Number(this.get_argument('last', '20'))
    for (const message of ChatHandler.cache.slice(-count)) this.write_message(message)
  }

  on_message(body) {
    const message = { from: this.user, body }
    ChatHandler.cache = [...ChatHandler.cache, message].slice(-200)
    for (const waiter of ChatHandler.waiters) waiter.write_message(message)
  }

  on_close() {
    ChatHandler.waiters.delete(this)
    console.log(`${this.user} left: ${this.close_code}`)
  }
}

const PAGE = `<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Chat</title>
<style>
  body { font: 16px/1.5 system-ui; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
  ol { list-style: none; padding: 0; min-height: 12rem } b { margin-right: .5rem }
  form { display: flex; gap: .5rem } input { flex: 1; font: inherit; padding: .4rem }
</style>
<h1>Chat</h1>
<ol id="messages" aria-live="polite"></ol>
<form id="form"><input id="text" aria-label="Message" autocomplete="off" autofocus><button>Send</button></form>
<script type="module">
  const socket = new WebSocket(location.protocol.replace('http', 'ws') + '//' + location.host + '/chat?last=20')
  socket.onmessage = ({ data }) => {
    const { from, body } = JSON.parse(data)
    const item = document.createElement('li')
    item.append(Object.assign(document.createElement('b'), { textContent: from }), body)
    messages.append(item)
  }
  form.onsubmit = (event) => {
    event.preventDefault()
    socket.send(text.value)
    text.value = ''
  }
</script>`

function page(_request, response) {
  const user = `guest-${randomBytes(2).toString('hex')}`
  const cookie = `user=${create_signed_value(cookie_secret, 'user', user)}; HttpOnly; SameSite=Lax; Path=/`
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'set-cookie': cookie }).end(PAGE)
}

const application = new Application([['/chat', ChatHandler]], { cookie_secret, page, websocket_ping_interval: 10 })
const { port } = await application.listen(Number(process.env.PORT ?? 8888), '127.0.0.1')
console.log(`chat on http://127.0.0.1:${port}/`)
