import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createHub } from '@wigwag/hub/node'

// biome-ignore format: a table
const STOCKS = [
  ['ALPN', 'Alpine Rail', 84.2], ['BRCK', 'Brickworks', 31.75], ['CNDR', 'Condor Air', 12.4], ['DUNE', 'Dune Solar', 146.9],
  ['ECHO', 'Echo Audio', 58.05], ['FJRD', 'Fjord Salmon', 203.6], ['GRVL', 'Gravel & Sons', 19.3], ['HARB', 'Harbour Bank', 71.15],
  ['IRIS', 'Iris Optics', 332.8], ['JUNO', 'Juno Pharma', 98.45], ['KELP', 'Kelp Foods', 44.1], ['LMEN', 'Lumen Grid', 120.0],
]

const hub = createHub({
  namespaces: {
    // Who reads more slowly than prices come gets the newest of each stock: what it supersedes is not sent.
    prices: { slowConsumer: { policy: 'conflate', key: ({ symbol }) => symbol } },
  },
  rpc: { getPrices: () => [...prices.values()] },
})

const prices = new Map(STOCKS.map(([symbol, name, open]) => [symbol, { symbol, name, open, price: open }]))

// Prices walk at random, and are drawn a little to where they began.
async function trade() {
  const [symbol] = STOCKS[Math.floor(Math.random() * STOCKS.length)]
  const { open, price, ...stock } = prices.get(symbol)
  const step = price * 0.004 * (Math.random() - 0.5) + (open - price) * 0.01
  const traded = { ...stock, symbol, open, price: Math.max(0.01, Math.round((price + step) * 100) / 100) }
  prices.set(symbol, traded)
  await hub.publish('prices:all', { symbol, price: traded.price })
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Live prices</title><link rel="icon" href="data:,">
<style>
  :root {
    color-scheme: light dark;
    --page: light-dark(#f4f6f8, #0d1117); --card: light-dark(#fff, #151b23); --line: light-dark(#e3e8ee, #273040);
    --ink: light-dark(#16202c, #e8edf4); --soft: light-dark(#566375, #94a3b8);
    --up: light-dark(#0f7a45, #4ade80); --down: light-dark(#b42318, #fb7185);
    --up-flash: light-dark(#c9f2dc, #14422b); --down-flash: light-dark(#fbd9d6, #4c1d25); --wait: light-dark(#b45309, #fbbf24);
  }
  * { box-sizing: border-box }
  body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; padding: clamp(1rem, 4vw, 3rem) clamp(.75rem, 4vw, 3rem) }
  main { max-width: 60rem; margin: auto }
  header { display: flex; align-items: baseline; gap: 1rem; flex-wrap: wrap; margin-bottom: 1rem } h1 { margin: 0; font-size: clamp(1.35rem, 4vw, 1.9rem) }
  #state { margin-left: auto; color: var(--soft); font-size: .875rem }
  #state::before { content: ''; display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; margin-right: .45rem; background: var(--wait) }
  #state[data-state=connected]::before { background: var(--up) }
  .card { background: var(--card); border: 1px solid var(--line); border-radius: 1rem; overflow: hidden }
  table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
  th, td { padding: .6rem 1rem; text-align: left; border-bottom: 1px solid var(--line) } tbody tr:last-child > * { border-bottom: 0 }
  thead th { font-size: .8rem; font-weight: 600; color: var(--soft) } .number { text-align: right }
  tbody th { font-weight: 600 } tbody th small { display: block; font-weight: 400; font-size: .8rem; color: var(--soft) }
  .price { font-weight: 600; transition: background-color 1.2s ease-out } .up { color: var(--up) } .down { color: var(--down) }
  .flash-up { background: var(--up-flash); transition: none } .flash-down { background: var(--down-flash); transition: none }
  svg { display: block; width: 100%; min-width: 8rem; height: 2rem; overflow: visible } polyline { fill: none; stroke: currentColor; stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-linejoin: round }
  footer { color: var(--soft); font-size: .875rem; margin-top: 1rem }
  @media (max-width: 36rem) { th, td { padding: .55rem .75rem } .trend { display: none } }
  @media (prefers-reduced-motion: reduce) { .price { transition: none } }
</style>
<main>
  <header><h1>Live prices</h1><span id="state" role="status">Connecting</span></header>
  <div class="card">
    <table aria-label="Prices of twelve stocks">
      <thead><tr><th scope="col">Stock</th><th scope="col" class="number">Price</th><th scope="col" class="number">Today</th><th scope="col" class="trend">Trend</th></tr></thead>
      <tbody id="rows"></tbody>
    </table>
  </div>
  <footer><span id="count">0</span> prices received. A slow line gets fewer of them, and always the newest.</footer>
</main>
<script src="/centrifuge.js"></script>
<script type="module">
  const $ = (id) => document.getElementById(id)
  const cell = (tag, className) => Object.assign(document.createElement(tag), { className })
  const rows = new Map()
  const POINTS = 40
  let count = 0

  function addRow({ symbol, name, open, price }) {
    const row = document.createElement('tr')
    const [title, now, today, trend] = [cell('th', ''), cell('td', 'number price'), cell('td', 'number'), cell('td', 'trend')]
    title.scope = 'row'
    title.append(symbol, Object.assign(document.createElement('small'), { textContent: name }))
    trend.innerHTML = '<svg viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true"><polyline/></svg>'
    row.append(title, now, today, trend)
    row.dataset.symbol = symbol
    $('rows').append(row)
    rows.set(symbol, { open, now, today, trend, line: trend.querySelector('polyline'), past: [] })
    show({ symbol, price })
  }

  function show({ symbol, price }) {
    const row = rows.get(symbol)
    if (row === undefined) return
    const before = row.past.at(-1)
    row.past = [...row.past, price].slice(-POINTS)
    const change = (100 * (price - row.open)) / row.open
    row.now.textContent = price.toFixed(2)
    row.today.textContent = (change < 0 ? '−' : '+') + Math.abs(change).toFixed(2) + ' %'
    row.today.className = 'number ' + (change < 0 ? 'down' : 'up')
    row.trend.className = 'trend ' + (price < row.past[0] ? 'down' : 'up')
    const [low, high] = [Math.min(...row.past), Math.max(...row.past)]
    const at = (value, i) => (100 * i) / Math.max(1, row.past.length - 1) + ',' + (high === low ? 12 : 22 - (20 * (value - low)) / (high - low))
    row.line.setAttribute('points', row.past.map(at).join(' '))
    if (before === undefined || before === price) return
    row.now.classList.add(price > before ? 'flash-up' : 'flash-down')
    requestAnimationFrame(() => requestAnimationFrame(() => row.now.classList.remove('flash-up', 'flash-down')))
  }

  const scheme = location.protocol === 'https:' ? 'wss://' : 'ws://'
  const client = new Centrifuge(scheme + location.host + '/connection/websocket')
  client.on('state', ({ newState }) => {
    $('state').textContent = newState[0].toUpperCase() + newState.slice(1)
    $('state').dataset.state = newState
  })
  const subscription = client.newSubscription('prices:all')
  subscription.on('subscribed', async ({ recovered }) => {
    if (recovered) return
    const { data } = await client.rpc('getPrices', null)
    for (const price of data) rows.has(price.symbol) ? show(price) : addRow(price)
  })
  subscription.on('publication', ({ data }) => {
    show(data)
    $('count').textContent = (++count).toLocaleString()
  })
  subscription.subscribe()
  client.connect()
</script>
</html>`

const SCRIPT = readFileSync(new URL('../dist/centrifuge.js', import.meta.resolve('centrifuge')))

const server = createServer((request, response) => {
  const isScript = request.url === '/centrifuge.js'
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
  response.end(isScript ? SCRIPT : PAGE)
})
hub.attach(server)

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`trading on http://127.0.0.1:${server.address().port}/`)
})
setInterval(trade, Number(process.env.TRADE_INTERVAL ?? 40))
