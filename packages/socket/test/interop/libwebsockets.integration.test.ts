// The test programs of libwebsockets 4.1.6, in C: each does what it was written for, so they are driven as far as that goes.
import type { NodeWebSocket } from '@wigwag/socket'
import { ChildProgram, findProgram, freePort } from '@wigwag/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openClient, openServer } from '../node/support/open-server.ts'
import { similarTraffic, textsOf } from './support/traffic.ts'

const SERVER = findProgram('libwebsockets-test-server')
const CLIENT = findProgram('libwebsockets-test-client')
/** What its client draws on everybody's canvas. */
const DRAWING = /^[cd] #[0-9A-F]{6} \d+ \d+ \d+;$/
const ENOUGH = 200

describe.skipIf(SERVER === undefined)('the test server of libwebsockets with our client', () => {
  async function startServer(): Promise<string> {
    const port = await freePort()
    const program = new ChildProgram(SERVER as string, [`--port=${port}`, '-d', '1039'])
    onTestFinished(() => program[Symbol.asyncDispose]())
    await program.waitFor(/OPERATIONAL/, 'stderr')
    return `ws://127.0.0.1:${port}/`
  }

  // It answers binary with text, and with a piece for each of its reads: so texts are compared as one, and are not many.
  test('its mirror sends back all that it is sent, answers a ping, and echoes a close code', async () => {
    const { socket, log } = await openClient(await startServer(), { subprotocols: ['lws-mirror-protocol'] })
    expect(socket.protocol).toBe('lws-mirror-protocol')
    const texts = ['', 'é€𝄞', ...[1, 125, 126, 127, 3000].map((size) => String(size % 10).repeat(size))]
    for (const text of texts) socket.send(text)
    await log.until(() => log.messages.join('').length === texts.join('').length)
    expect(log.messages.join('')).toBe(texts.join(''))
    socket.ping(Buffer.from('are you there'))
    expect(String((await log.next('pong')).payload)).toBe('are you there')
    socket.close(4001, 'done')
    expect((await log.next('close')).outcome).toMatchObject({ code: 4001, clean: true })
  })

  test('it counts upwards for us (dumb-increment-protocol)', async () => {
    const { log } = await openClient(await startServer(), { subprotocols: ['dumb-increment-protocol'] })
    await log.next('message', 10)
    expect(log.messages.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, i) => String(i)))
  })

  // Of its protocols only this one may be compressed: it greets, and takes whatever comes.
  test('compressed: we read its greeting, and it takes all that we send', async () => {
    const url = await startServer()
    const options = { subprotocols: ['lws-status'], perMessageDeflate: { thresholdBytes: 0 } }
    const { socket, log } = await openClient(url, options)
    expect(socket.extensions).toContain('permessage-deflate')
    const { data } = await log.next('message')
    expect(JSON.parse(String(data))).toMatchObject({ version: expect.stringMatching(/^4\./) })
    for (const text of textsOf(similarTraffic(300))) socket.send(text)
    socket.ping(Buffer.from('still there'))
    expect(String((await log.next('pong')).payload)).toBe('still there')
    socket.close(4001, 'done')
    expect((await log.next('close')).outcome).toMatchObject({ code: 4001, clean: true })
  })
})

describe.skipIf(CLIENT === undefined)('the test client of libwebsockets with our server', () => {
  function startClient(port: number): void {
    const program = new ChildProgram(CLIENT as string, ['127.0.0.1', `--port=${port}`, '-l', '-d', '7'])
    onTestFinished(() => program[Symbol.asyncDispose]())
  }

  const isMirror = ({ protocol }: NodeWebSocket): boolean => protocol === 'lws-mirror-protocol'

  // Its client never ends when it is sent several uncompressed messages at once on a connection that may compress, so
  // nothing is sent back to it where it compresses.
  test.each([
    ['uncompressed, and gets them back', false],
    ['compressed', true],
  ])('it draws, %s', async (_how, perMessageDeflate) => {
    const { log, port } = await openServer({
      subprotocols: ['lws-mirror-protocol', 'dumb-increment-protocol'],
      perMessageDeflate,
      open: (socket) => void socket.ping(Buffer.from('are you there')),
      message: (socket, data) => {
        if (!perMessageDeflate) socket.send(data)
      },
    })
    startClient(port)
    const { socket } = await log.next('message', ENOUGH)
    expect(isMirror(socket)).toBe(true)
    expect(socket.extensions).toEqual(perMessageDeflate ? expect.stringContaining('permessage-deflate') : '')
    expect(log.messages.filter((data) => !DRAWING.test(String(data)))).toEqual([])
    expect(String((await log.next('pong')).payload)).toBe('are you there')
    socket.close(3001, 'from us')
    await log.until(() => log.of('close').some((event) => event.socket === socket))
    const { outcome } = log.of('close').find((event) => event.socket === socket) ?? {}
    expect(outcome).toMatchObject({ code: 3001, clean: true })
  })
})
