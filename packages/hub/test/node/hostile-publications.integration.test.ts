import { describe, expect, test } from 'vitest'
import { connectRaw } from '../support/raw-http.ts'
import { openEvents, openSocket, serveChannels } from '../support/served-channels.ts'

const LINES = { subprotocols: ['wigwag.publication.v1'] }

/** Texts that would be more than data to a reader who ends lines where the format does not, or the other way round. */
const INJECTIONS: readonly string[] = [
  'x\n\nevent: gap\ndata: {"reason":"history-expired"}\n\n',
  'x\r\revent: failure\rdata: bye\r\r',
  'x\r\n\r\nid: forged:99\r\nretry: 1\r\n\r\n',
  '\n\n: live, 7 recovered\nid: forged:1\n\n',
  '\r',
  '\ufeffdata: x\n\n',
  'x\u2028\u2029\u0085event: y\u000b\u000c\u0000',
  'id',
  ':',
]

describe('data that looks like fields of an event stream never becomes any', () => {
  test.each(['text/plain', 'application/json', 'a WebSocket message'])('as %s', async (how) => {
    const { port, url, publish } = await serveChannels()
    const raw = await connectRaw(port)
    raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream', 'Connection: close')
    const epoch = /id: ([\w-]+):0\n/.exec(await raw.until(/id: [\w-]+:0\n[^\r]*\n\n/))?.[1]
    const begun = raw.text().length
    const { socket } = await openSocket(url('/channel/a'))
    for (const text of INJECTIONS) {
      if (how === 'a WebSocket message') socket.send(text)
      else expect((await publish('a', how === 'text/plain' ? text : JSON.stringify(text), how)).status).toBe(200)
    }
    socket.send('the end')
    const lines = (await raw.until(/data: the end\n\n/)).slice(begun).split('\n')
    const stray = lines.filter((line) => !/^(id: [\w-]+:\d+|data: [^\r]*|[0-9a-f]+\r|\r|)$/.test(line))
    expect(stray).toEqual([])
    const ids = lines.filter((line) => line.startsWith('id:'))
    expect(ids).toEqual(Array.from([...INJECTIONS, 'the end'], (_, i) => `id: ${epoch}:${i + 1}`))
  })

  test('and a reader gets it back, but for its ends of line', async () => {
    const { url, publish } = await serveChannels()
    const [events, lines] = [await openEvents(url('/channel/a')), await openSocket(url('/channel/a?live=1'), LINES)]
    await Promise.all([events.live(), lines.next()])
    for (const [i, text] of INJECTIONS.entries()) {
      await publish('a', text)
      expect(await events.next()).toMatchObject({
        type: 'message',
        data: text.replace(/\r\n?/g, '\n'),
        id: expect.stringMatching(`:${i + 1}$`),
      })
      const line = (await lines.next()) as string
      expect(line).not.toMatch(/[\r\n]/)
      expect(JSON.parse(line)).toMatchObject({ offset: i + 1, data: text })
    }
  })
})

// As in CVE-2024-38355 and npm's ws advisory of 2017-11: names that mean something to the code that looks them up.
test.each(['constructor', 'toString', 'hasOwnProperty', 'prototype', 'error', 'close', 'then', 'length', 'valueOf'])(
  'a channel named %s is a channel like any other',
  async (name) => {
    const { url, publish, hub } = await serveChannels()
    expect((await publish('other', 'elsewhere')).status).toBe(200)
    const [events, lines] = [
      await openEvents(url(`/channel/${name}`)),
      await openSocket(url(`/ws?channel=${name}&live=1`), LINES),
    ]
    await Promise.all([events.live(), lines.next()])
    const answer = (await (await publish(name, 'here')).json()) as { channel: string; offset: number }
    expect(answer).toMatchObject({ channel: name, offset: 1 })
    expect(await events.next()).toMatchObject({ data: 'here' })
    expect(await lines.next()).toContain('"data":"here"')
    expect(hub.stats.channels).toBe(1)
  },
)

test('a channel named __proto__ is refused on every way in, and changes no prototype', async () => {
  const { url, publish } = await serveChannels()
  expect((await publish('__proto__', 'x')).status).toBe(400)
  expect((await fetch(url('/channel/__proto__'), { headers: { accept: 'text/event-stream' } })).status).toBe(400)
  await expect(openSocket(url('/ws?channel=__proto__'))).rejects.toMatchObject({ status: 400 })
})

// As in GHSA-84j6-jc92-77jm: recovery must not go round what subscribing is asked for.
describe('a position of one channel', () => {
  test('recovers nothing of that channel on another', async () => {
    const { url, publish } = await serveChannels()
    const secret = (await (await publish('secret', 'secret 1')).json()) as { epoch: string }
    for (const text of ['secret 2', 'secret 3']) await publish('secret', text)
    await publish('open', 'open 1')
    const after = `${secret.epoch}:0`
    const events = await openEvents(url('/channel/open'), { 'last-event-id': after })
    await events.live()
    const lines = await openSocket(url(`/channel/open?live=1&after=${after}`), LINES)
    const bare = await openSocket(url(`/channel/open?after=${after}`))
    while (!String(await lines.next()).includes('"live"'));
    expect(await bare.next()).toBe('open 1')
    expect([...events.events.map(({ data }) => data)]).toEqual(['open 1'])
    expect([...lines.messages, ...bare.messages].join('')).not.toContain('secret')
  })

  test('opens no channel that authorize refuses, on any transport', async () => {
    const { url, hub, publish } = await serveChannels({
      authorize: ({ action, channel }) => action === 'publish' || channel !== 'secret',
    })
    const { epoch } = (await (await publish('secret', 'secret 1')).json()) as { epoch: string }
    const after = `${epoch}:0`
    const asked = await fetch(url('/channel/secret'), {
      headers: { accept: 'text/event-stream', 'last-event-id': after },
    })
    expect([asked.status, (await asked.text()).includes('secret 1')]).toEqual([403, false])
    await expect(openSocket(url(`/channel/secret?after=${after}`), LINES)).rejects.toMatchObject({ status: 403 })
    await expect(openSocket(url(`/ws?channel=secret&after=${after}`))).rejects.toMatchObject({ status: 403 })
    expect(hub.stats.subscriptions).toBe(0)
  })

  test.each([
    'SECRET',
    'secret%20',
    'secret%00',
    '%73ecret',
    'x/../secret',
    './secret',
    'secret?',
    'secret#a',
    'secret%2f',
  ])('nor does another spelling, %s: authorize hears the name that is served', async (name) => {
    const heard: string[] = []
    const { port } = await serveChannels({
      authorize: ({ action, channel }) => {
        heard.push(channel)
        return action === 'publish' || channel !== 'secret'
      },
    })
    const raw = await connectRaw(port)
    raw.write(`GET /channel/${name} HTTP/1.1`, 'Host: localhost', 'Accept: text/event-stream')
    await raw.until(/\r\n\r\n/)
    if (raw.text().startsWith('HTTP/1.1 200')) {
      expect(heard).toHaveLength(1)
      expect(heard).not.toContain('secret')
      await raw.until(/: live/)
    } else expect(raw.text()).toMatch(/^HTTP\/1\.1 40[03]/)
  })
})
