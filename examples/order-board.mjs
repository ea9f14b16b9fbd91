import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { refuse } from '@wigwag/hub'
import { jwt } from '@wigwag/hub/jwt'
import { createHub } from '@wigwag/hub/node'

const STEPS = ['placed', 'packed', 'shipped', 'delivered']
const GOODS = ['Teapot', 'Desk lamp', 'Wool blanket', 'Fountain pen']
const SECRET = process.env.TOKEN_SECRET ?? randomBytes(32).toString('hex')
const STEP_MS = Number(process.env.STEP_MS ?? 2000)

/** Orders by user; a shop has a database here. */
const orders = new Map()

const hub = createHub({
  authenticate: jwt({ secret: SECRET }),
  namespaces: {
    // Everybody has a channel, and sees no other. Only the shop publishes.
    orders: { subscribe: ({ user, channel }) => channel.rest === user },
  },
  rpc: {
    getOrders: (_data, { user }) => orders.get(user) ?? [],
    placeOrder: (item, { user }) =>
      GOODS.includes(item) ? place(user, item) : refuse(404, 'The shop does not have that.'),
  },
})

async function place(user, item) {
  const order = { id: randomBytes(4).toString('hex'), item, step: 0, time: Date.now() }
  orders.set(user, [...(orders.get(user) ?? []), order])
  await tell(user, order)
  const timer = setInterval(() => {
    order.step++
    order.time = Date.now()
    if (order.step === STEPS.length - 1) clearInterval(timer)
    // With a key it is stored once, however often it has to be tried.
    tell(user, order).catch(console.error)
  }, STEP_MS)
  return order
}

const tell = (user, order) =>
  hub.publish(
    `orders:${user}`,
    { ...order },
    { idempotencyKey: `${order.id}-${order.step}`, tags: { step: STEPS[order.step] } },
  )

/** A token that is good for five minutes; pages ask for the next one by themselves. */
function tokenFor(user) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${encode({ alg: 'HS256' })}.${encode({ sub: user, exp: Math.floor(Date.now() / 1000) + 300 })}`
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Your orders</title><link rel="icon" href="data:,">
<style>
  :root {
    color-scheme: light dark;
    --page: light-dark(#faf6f1, #17130f); --card: light-dark(#fff, #221c16); --line: light-dark(#eadfd2, #3a3128);
    --ink: light-dark(#2b2118, #f3ebe2); --soft: light-dark(#6f6153, #b3a392); --accent: light-dark(#b4451f, #f08a5d);
    --on-accent: light-dark(#fff, #2b1408); --good: light-dark(#15803d, #4ade80); --wait: light-dark(#b45309, #fbbf24);
  }
  * { box-sizing: border-box }
  [hidden] { display: none !important }
  body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; padding: clamp(1rem, 4vw, 3rem) }
  main { max-width: 46rem; margin: auto } h1 { margin: 0; font-size: clamp(1.4rem, 4vw, 2rem) } h2 { font-size: 1rem; margin: 2rem 0 .75rem; color: var(--soft) }
  input, button { font: inherit; color: inherit; border-radius: .75rem; border: 1px solid var(--line); padding: .6rem 1rem; background: var(--card) }
  button { cursor: pointer } .first { background: var(--accent); color: var(--on-accent); border-color: transparent; font-weight: 600 }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
  header { display: flex; align-items: baseline; flex-wrap: wrap; gap: 1rem } #state { margin-left: auto; color: var(--soft); font-size: .875rem }
  #state::before { content: ''; display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; margin-right: .45rem; background: var(--wait) }
  #state[data-state=connected]::before { background: var(--good) }
  .card { background: var(--card); border: 1px solid var(--line); border-radius: 1.25rem; padding: 1.25rem }
  #door { display: grid; gap: .75rem; max-width: 22rem; margin: 15vh auto 0; padding: 2rem } #door p { margin: 0; color: var(--soft) }
  #goods { display: flex; flex-wrap: wrap; gap: .6rem }
  #orders { list-style: none; margin: 0; padding: 0; display: grid; gap: .9rem } .empty { color: var(--soft); margin: 0 }
  .top { display: flex; justify-content: space-between; gap: 1rem } .top strong { font-size: 1.05rem } .top time { color: var(--soft); font-size: .875rem; white-space: nowrap }
  .steps { list-style: none; margin: 1rem 0 0; padding: 0; display: grid; grid-template-columns: repeat(4, 1fr); font-size: .85rem; color: var(--soft); text-align: center }
  .steps li { position: relative; padding-top: 1.6rem } .steps li::before { content: ''; position: absolute; top: 0; left: calc(50% - .6rem); width: 1.2rem; height: 1.2rem; border-radius: 50%; border: 2px solid var(--line); background: var(--card); z-index: 1 }
  .steps li + li::after { content: ''; position: absolute; top: .5rem; left: -50%; width: 100%; height: .2rem; background: var(--line); transition: background-color .4s }
  .steps .done { color: var(--ink) } .steps .done::before { background: var(--accent); border-color: var(--accent) } .steps .done::after { background: var(--accent) !important }
  .steps [aria-current] { font-weight: 600 } @media (prefers-reduced-motion: reduce) { .steps li::after { transition: none } }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
</style>
<main>
  <form id="door" class="card">
    <h1>The small shop</h1>
    <p>Any name will do; the server gives it a token of its own.</p>
    <label for="name">Your name</label>
    <input id="name" maxlength="24" pattern="[A-Za-z]+" title="letters from A to Z" required autocomplete="username" autofocus>
    <button class="first">Log in</button>
  </form>
  <div id="shop" hidden>
    <header><h1>Your orders</h1><span id="state" role="status">Connecting</span></header>
    <h2 id="order-something">Order something</h2>
    <div id="goods" role="group" aria-labelledby="order-something"></div>
    <h2 id="on-its-way">On its way</h2>
    <p class="empty card" id="none">Nothing yet.</p>
    <ul id="orders" aria-labelledby="on-its-way"></ul>
    <p class="unseen" id="news" role="status"></p>
  </div>
</main>
<script src="/centrifuge.js"></script>
<script type="module">
  const STEPS = ${JSON.stringify(STEPS)}
  const GOODS = ${JSON.stringify(GOODS)}
  const $ = (id) => document.getElementById(id)
  const make = (tag, textContent = '', className = '') => Object.assign(document.createElement(tag), { textContent, className })
  const known = new Map()

  // It may come twice, from the list and as a publication: an order only goes forward.
  function show(order) {
    if ((known.get(order.id)?.step ?? -1) >= order.step) return
    known.set(order.id, order)
    $('none').hidden = true
    const card = document.getElementById('order-' + order.id) ?? make('li', '', 'card')
    card.id = 'order-' + order.id
    const top = make('div', '', 'top')
    top.append(make('strong', order.item), make('time', new Date(order.time).toLocaleTimeString()))
    const steps = make('ol', '', 'steps')
    STEPS.forEach((step, i) => {
      const item = make('li', step, i <= order.step ? 'done' : '')
      if (i === order.step) item.ariaCurrent = 'step'
      steps.append(item)
    })
    card.replaceChildren(top, steps)
    if (!card.isConnected) $('orders').prepend(card)
    $('news').textContent = order.item + ': ' + STEPS[order.step]
  }

  function open(user) {
    const scheme = location.protocol === 'https:' ? 'wss://' : 'ws://'
    const client = new Centrifuge(scheme + location.host + '/connection/websocket', {
      getToken: async () => {
        const response = await fetch('/token', { method: 'POST', body: user })
        if (response.ok) return response.text()
        throw response.status === 403 ? new Centrifuge.UnauthorizedError('') : new Error(await response.text())
      },
    })
    client.on('state', ({ newState }) => {
      $('state').textContent = newState[0].toUpperCase() + newState.slice(1)
      $('state').dataset.state = newState
    })
    const subscription = client.newSubscription('orders:' + user)
    subscription.on('publication', ({ data }) => show(data))
    subscription.on('subscribed', async ({ recovered }) => {
      // What is missed in a cut comes by itself. Where it does not, and at first, the list says where all stand.
      if (!recovered) for (const order of (await client.rpc('getOrders', null)).data) show(order)
    })
    for (const item of GOODS) {
      const button = make('button', item)
      button.onclick = () => client.rpc('placeOrder', item).catch(({ message }) => ($('news').textContent = message))
      $('goods').append(button)
    }
    subscription.subscribe()
    client.connect()
    $('door').hidden = true
    $('shop').hidden = false
  }

  $('door').onsubmit = (event) => {
    event.preventDefault()
    open($('name').value.toLowerCase())
  }
</script>
</html>`

const SCRIPT = readFileSync(new URL('../dist/centrifuge.js', import.meta.resolve('centrifuge')))

const server = createServer(async (request, response) => {
  if (request.url === '/token' && request.method === 'POST') {
    // Here a shop looks at its own cookie.
    const user = await readText(request)
    if (/^[a-z]{1,24}$/.test(user)) response.end(tokenFor(user))
    else response.writeHead(403).end('Who are you?')
    return
  }
  const isScript = request.url === '/centrifuge.js'
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
  response.end(isScript ? SCRIPT : PAGE)
})

async function readText(request) {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > 100) break
  }
  return text
}

hub.attach(server)

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`selling on http://127.0.0.1:${server.address().port}/`)
})
