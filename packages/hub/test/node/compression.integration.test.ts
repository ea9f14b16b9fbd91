import { describe, expect, test } from 'vitest'
import { openSocket, serveChannels, untilSubscribed } from '../support/served-channels.ts'

const TEXT = 'a publication that repeats itself, '.repeat(50)
const LINES = { subprotocols: ['wigwag.publication.v1'] }

describe('RFC 7692 WebSockets of channels', () => {
  test('are not compressed unless the endpoint is told to', async () => {
    const { url } = await serveChannels()
    const { socket } = await openSocket(url('/channel/foo'))
    expect(socket.extensions).toBe('')
  })

  test('are compressed as the endpoint is told', async () => {
    const { url } = await serveChannels({ perMessageDeflate: { serverNoContextTakeover: true } })
    const { socket } = await openSocket(url('/channel/foo'))
    expect(socket.extensions).toContain('permessage-deflate; server_no_context_takeover')
  })

  test('each publication reaches those who offered it and those who did not, in every form', async () => {
    const { url, hub, publish } = await serveChannels({ perMessageDeflate: true })
    const path = url('/channel/foo')
    const bare = await openSocket(path)
    const plain = await openSocket(path, { perMessageDeflate: false })
    const lines = await openSocket(path, LINES)
    expect([bare, plain, lines].map(({ socket }) => socket.extensions !== '')).toEqual([true, false, true])
    await untilSubscribed(hub, 3)
    for (const body of [TEXT, 'small', `${TEXT}!`]) {
      await publish('foo', body)
      expect(await bare.next()).toBe(body)
      expect(await plain.next()).toBe(body)
      expect(JSON.parse(String(await lines.next()))).toMatchObject({ data: body })
    }
    const bytes = new TextEncoder().encode(TEXT)
    await publish('foo', bytes, 'application/octet-stream')
    expect(await bare.next()).toEqual(bytes)
  })

  test('publish what they send, however small it came', async () => {
    const { url, hub } = await serveChannels({ perMessageDeflate: true })
    const one = await openSocket(url('/channel/foo'))
    const other = await openSocket(url('/channel/foo'))
    await untilSubscribed(hub, 2)
    one.socket.send(TEXT)
    expect(await other.next()).toBe(TEXT)
  })

  test('may send no more than a publication may have, as it is behind compression: 1009', async () => {
    const { url } = await serveChannels({ perMessageDeflate: true, maxPublicationBytes: 1000 })
    const { socket, closed } = await openSocket(url('/channel/foo'))
    socket.send('x'.repeat(1001))
    expect(await closed).toMatchObject({ code: 1009 })
  })

  test('an option that cannot be is named', async () => {
    const options = { perMessageDeflate: { serverMaxWindowBits: 20 } }
    await expect(serveChannels(options)).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringContaining('serverMaxWindowBits'),
    })
  })
})
