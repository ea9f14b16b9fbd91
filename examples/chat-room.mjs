import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { refuse } from '@wigwag/hub'
import { createHub } from '@wigwag/hub/node'

const hub = createHub({
  // Everybody is who they say; see order-board.mjs for users that the server knows.
  authenticate: ({ data }) => {
    const name = typeof data?.name === 'string' ? data.name.trim() : ''
    return name.length > 0 && name.length <= 24
      ? { user: name, info: { name } }
      : refuse(400, 'A name has 1 to 24 letters.')
  },
  namespaces: {
    chat: {
      presence: true,
      joinLeave: true,
      publish: 'subscriber',
      readPresence: 'subscriber',
      readHistory: 'subscriber',
    },
  },
  onPublish: ({ data }) => {
    const text = typeof data?.text === 'string' ? data.text.trim() : ''
    return text.length > 0 && text.length <= 500
      ? { data: { text, time: Date.now() } }
      : refuse(400, 'Say 1 to 500 letters.')
  },
})

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat room</title><link rel="icon" href="data:,">
<style>
  :root {
    color-scheme: light dark;
    --page: light-dark(#f3f1ec, #14151a); --card: light-dark(#fff, #1d1f27); --line: light-dark(#e2ded5, #2f323d);
    --ink: light-dark(#22242b, #eceaf2); --soft: light-dark(#5f6270, #a2a5b4); --own: light-dark(#4338ca, #5b52d6);
    --good: light-dark(#15803d, #4ade80); --wait: light-dark(#b45309, #fbbf24);
  }
  * { box-sizing: border-box }
  [hidden] { display: none !important }
  body { margin: 0; height: 100dvh; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
  input, button { font: inherit; color: inherit; border-radius: .75rem; border: 1px solid var(--line); padding: .6rem .9rem; background: var(--card) }
  button { background: var(--own); border-color: transparent; color: #fff; font-weight: 600; cursor: pointer }
  button:disabled { opacity: .5; cursor: default }
  ::placeholder { color: var(--soft); opacity: 1 }
  :focus-visible { outline: 3px solid var(--own); outline-offset: 2px }
  #door { display: grid; place-content: center; height: 100%; padding: 1rem }
  #door form { display: grid; gap: .75rem; width: min(22rem, 90vw); background: var(--card); padding: 2rem; border-radius: 1.25rem; border: 1px solid var(--line) }
  #door h1 { margin: 0; font-size: 1.5rem } #door p { margin: 0; color: var(--soft) }
  #room { display: grid; grid: auto 1fr auto / 1fr 15rem; height: 100%; max-width: 68rem; margin: auto }
  header { grid-column: 1 / -1; display: flex; align-items: center; gap: .75rem; padding: .9rem 1.25rem; border-bottom: 1px solid var(--line) }
  header h1 { margin: 0; font-size: 1.125rem } #state { margin-left: auto; color: var(--soft); font-size: .875rem; white-space: nowrap }
  #state::before { content: ''; display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; margin-right: .45rem; background: var(--wait) }
  #state[data-state=connected]::before { background: var(--good) }
  #log { list-style: none; margin: 0; padding: 1.25rem; overflow-y: auto; display: flex; flex-direction: column; gap: .35rem }
  #log li { max-width: min(34rem, 85%); align-self: flex-start; display: grid; grid-template-columns: 2.25rem 1fr; column-gap: .6rem }
  #log .body { background: var(--card); border: 1px solid var(--line); padding: .45rem .8rem; border-radius: .3rem 1rem 1rem; overflow-wrap: anywhere }
  #log .who { font-size: .8rem; font-weight: 600 } #log time { color: var(--soft); font-weight: 400; margin-left: .4rem }
  #log .own { align-self: flex-end; grid-template-columns: 1fr } #log .own .face { display: none }
  #log .own .body { background: var(--own); color: #fff; border-color: transparent; border-radius: 1rem .3rem 1rem 1rem } #log .own time { color: #d9d6ff }
  #log .note { display: block; align-self: center; color: var(--soft); font-size: .8rem; text-align: center }
  .face { width: 2.25rem; height: 2.25rem; border-radius: 50%; display: grid; place-items: center; color: #fff; font-weight: 600; background: hsl(var(--hue) 45% 33%) }
  aside { grid-area: 2 / 2 / -1; border-left: 1px solid var(--line); padding: 1.25rem; overflow-y: auto } aside h2 { margin: 0 0 .75rem; font-size: .875rem; color: var(--soft) }
  #people { list-style: none; margin: 0; padding: 0; display: grid; gap: .5rem } #people li { display: flex; gap: .6rem; align-items: center; overflow-wrap: anywhere }
  #say { grid-column: 1; display: flex; gap: .6rem; padding: 1rem 1.25rem; border-top: 1px solid var(--line) } #say input { flex: 1; min-width: 0 }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  @media (max-width: 42rem) {
    #room { grid: auto auto 1fr auto / 1fr } aside { grid-area: auto; border: 0; border-bottom: 1px solid var(--line); padding: .6rem 1.25rem }
    aside h2 { display: none } #people { display: flex; gap: 1rem; overflow-x: auto } #people li { font-size: .875rem; flex: none } #people .face { width: 1.6rem; height: 1.6rem; font-size: .75rem }
    aside { order: -1 } header { order: -2; padding: .75rem 1.25rem } #say { padding: .75rem 1.25rem }
  }
</style>
<main id="door">
  <form>
    <h1>Chat room</h1>
    <p>Open this page twice, and talk to yourself.</p>
    <label for="name">Your name</label>
    <input id="name" maxlength="24" required autocomplete="nickname" autofocus>
    <button>Enter</button>
  </form>
</main>
<main id="room" hidden>
  <header><h1>The lobby</h1><span id="state" role="status">Connecting</span></header>
  <ol id="log" role="log" aria-label="What was said" tabindex="0"></ol>
  <aside aria-label="Who is here"><h2>Who is here</h2><ul id="people"></ul></aside>
  <form id="say">
    <label class="unseen" for="text">Message</label>
    <input id="text" maxlength="500" placeholder="Say something" autocomplete="off" required>
    <button>Send</button>
  </form>
</main>
<script src="/centrifuge.js"></script>
<script type="module">
  const $ = (id) => document.getElementById(id)
  const make = (tag, className, text = '') => Object.assign(document.createElement(tag), { className, textContent: text })
  let me = ''

  function face(name) {
    const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7)
    const element = make('span', 'face', [...name][0].toUpperCase())
    element.style.setProperty('--hue', hue)
    element.ariaHidden = 'true'
    return element
  }

  function append(...children) {
    const log = $('log')
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80
    log.append(...children)
    if (isAtEnd) log.scrollTop = log.scrollHeight
  }

  function said({ data, info }) {
    const item = make('li', info?.user === me ? 'own' : '')
    const body = make('div', 'body')
    const who = make('div', 'who', info?.user ?? 'The server')
    const time = make('time', '', new Date(data.time).toLocaleTimeString([], { timeStyle: 'short' }))
    time.dateTime = new Date(data.time).toISOString()
    who.append(time)
    body.append(who, make('div', '', data.text))
    item.append(face(info?.user ?? '?'), body)
    append(item)
  }

  const note = (text) => append(make('li', 'note', text))

  // By session: somebody may be here in two windows.
  const present = new Map()
  const isHere = (name) => [...present.values()].includes(name)

  function showPeople() {
    const names = [...new Set(present.values())].sort((a, b) => a.localeCompare(b))
    $('people').replaceChildren(
      ...names.map((name) => {
        const item = make('li', '')
        item.append(face(name), make('span', '', name === me ? name + ' (you)' : name))
        return item
      }),
    )
  }

  function enter(name) {
    me = name
    const scheme = location.protocol === 'https:' ? 'wss://' : 'ws://'
    const client = new Centrifuge(scheme + location.host + '/connection/websocket', { data: { name } })
    client.on('state', ({ newState }) => {
      $('state').textContent = newState[0].toUpperCase() + newState.slice(1)
      $('state').dataset.state = newState
    })
    const room = client.newSubscription('chat:lobby', { joinLeave: true })
    room.on('subscribed', async ({ wasRecovering, recovered }) => {
      const { clients } = await room.presence()
      present.clear()
      for (const { client: id, user } of Object.values(clients)) present.set(id, user)
      showPeople()
      // After a cut, what was missed comes by itself; where it could not be had, all is read anew.
      if (wasRecovering && recovered) return
      const { publications } = await room.history({ limit: 50, reverse: true })
      $('log').replaceChildren()
      publications.reverse().forEach(said)
    })
    room.on('publication', said)
    room.on('join', ({ info }) => {
      if (!isHere(info.user) && info.user !== me) note(info.user + ' came in')
      present.set(info.client, info.user)
      showPeople()
    })
    room.on('leave', ({ info }) => {
      present.delete(info.client)
      if (!isHere(info.user)) note(info.user + ' left')
      showPeople()
    })
    $('say').onsubmit = async (event) => {
      event.preventDefault()
      const text = $('text').value
      $('text').value = ''
      await room.publish({ text }).catch(({ message }) => {
        note('Not sent: ' + message)
        $('text').value ||= text
      })
    }
    room.subscribe()
    client.connect()
    $('door').hidden = true
    $('room').hidden = false
    $('text').focus()
  }

  $('door').querySelector('form').onsubmit = (event) => {
    event.preventDefault()
    if ($('name').value.trim() !== '') enter($('name').value.trim())
  }
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
  console.log(`chatting on http://127.0.0.1:${server.address().port}/`)
})
