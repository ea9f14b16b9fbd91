import { client as createClient, jid, xml } from '@xmpp/client'
import WebSocket from 'ws'
import { startProsody as serve } from '../harness/prosody.mjs'

// It finds its WebSocket where a browser has it.
export const packages = ['@xmpp/client']
export const programs = ['prosody']
export { serve }

/** XMPP over WebSocket (RFC 7395) with prosody: login, stanzas of all sizes, stream management, a line that breaks. */
export async function play(check, { url }) {
  Object.assign(globalThis, { WebSocket })
  const ada = open(url, 'ada')
  const grace = open(url, 'grace')
  for (const one of [ada, grace]) one.noted = note(one)
  const managed = Promise.all([ada, grace].map(isManaged))
  const [address, other] = await Promise.all([ada.start(), grace.start()])
  await managed
  check('who it is', [address.bare().toString(), other.bare().toString(), ada.status, ada.socket.socket.protocol])
  await Promise.all([ada.send(xml('presence')), grace.send(xml('presence'))])

  for (const body of ['hello', 'é – 漢 🙂', '<&>"\'', 'x'.repeat(10_000), 'y'.repeat(200_000)]) {
    const heard = stanza(grace, (element) => element.is('message'))
    await ada.send(xml('message', { to: other.toString(), type: 'chat' }, xml('body', {}, body)))
    const message = await heard
    check('a message', [message.getChildText('body') === body, jid(message.attrs.from).bare().toString()])
  }
  const numbers = []
  const all = new Promise((resolve) => {
    ada.on('stanza', (element) => {
      if (element.is('message') && numbers.push(Number(element.getChildText('body'))) === 300) resolve()
    })
  })
  const many = Array.from({ length: 300 }, (_, i) =>
    xml('message', { to: address.toString() }, xml('body', {}, String(i))),
  )
  await grace.sendMany(many)
  await all
  check(
    'a burst in order',
    numbers.every((number, i) => number === i),
    true,
  )

  const pong = await ada.iqCaller.request(xml('iq', { type: 'get', to: 'localhost' }, xml('ping', 'urn:xmpp:ping')))
  check('a ping of XMPP', [pong.attrs.type, pong.attrs.from])
  const info = await ada.iqCaller.get(xml('query', 'http://jabber.org/protocol/disco#info'), 'localhost')
  check('who the server is', info.getChild('identity').attrs.category)
  const refused = ada.iqCaller.get(xml('query', 'wigwag:unknown'), 'localhost')
  check('an error', await refused.catch((error) => [error.name, error.condition]))

  for (const [name, lose] of [
    ['terminate', () => ada.socket.socket.terminate()],
    ['_socket.destroy', () => ada.socket.socket._socket.destroy()],
    ['disconnect', () => ada.disconnect()],
  ]) {
    const back = new Promise((resolve) => {
      ada.once('online', () => resolve('online'))
      ada.streamManagement?.once?.('resumed', () => resolve('resumed'))
    })
    const on = name === 'disconnect' ? isManaged(ada) : undefined
    await lose()
    check(`back after ${name}`, await back)
    await on
    const heard = stanza(grace, (element) => element.is('message'))
    await ada.send(xml('message', { to: other.toString() }, xml('body', {}, `after ${name}`)))
    check('a message behind it', (await heard).getChildText('body'), `after ${name}`)
  }
  await ada.stop()
  await grace.stop()
  check('what ada was told', ada.noted)
  check('what grace was told', grace.noted)

  for (const [name, service, password] of [
    ['a wrong password', url, 'wrong'],
    ['another path', url.replace('xmpp-websocket', 'nowhere'), 'secret'],
    ['nobody there', 'ws://127.0.0.1:1/', 'secret'],
  ]) {
    const lost = open(service, 'joan', password)
    lost.reconnect.stop()
    const told = note(lost)
    const error = await lost.start().catch((failure) => failure)
    check(name, [error.name, error.condition ?? error.code, error.message])
    await lost.stop().catch(() => {})
    check(`${name}: told`, told)
  }
}

function open(service, username, password = 'secret') {
  const client = createClient({ service, domain: 'localhost', username, password, resource: `play-${process.pid}` })
  client.reconnect.delay = 50
  return client
}

/**
 * Resolves when stream management is on: its client counts a stanza wrongly that comes in one chunk with `<enabled/>`, and
 * prosody then ends the stream.
 */
function isManaged(client) {
  return new Promise((resolve) => {
    client.on('nonza', (element) => {
      if (element.is('enabled', 'urn:xmpp:sm:3')) setImmediate(resolve)
    })
  })
}

function note(client) {
  const seen = []
  client.on('status', (status) => seen.push(status))
  client.on('error', (error) => seen.push(`error: ${error.condition ?? error.code ?? error.message}`))
  return seen
}

function stanza(client, isWanted) {
  return new Promise((resolve) => {
    client.on('stanza', function listen(element) {
      if (!isWanted(element)) return
      client.off('stanza', listen)
      resolve(element)
    })
  })
}
