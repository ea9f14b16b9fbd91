import type { MessageCodec, MessageExtension, WebSocketServerOptions } from '@wigwag/socket'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openClient, openServer } from './support/open-server.ts'
import { RawPeer, upgradeRequest } from './support/raw-peer.ts'
import { accepted, openRaw } from './support/raw-server.ts'

type Options = WebSocketServerOptions<undefined>

const fail = (): never => {
  throw new Error('the extension fails')
}

const unchanged: MessageCodec = { encode: (payload) => payload, decode: (payload) => payload }

/** An extension of an application, marked by RSV3, that does nothing unless it is told to. */
const extension = (changes: Partial<MessageExtension> & { readonly codec?: MessageCodec } = {}): MessageExtension => {
  const { codec = unchanged, ...others } = changes
  return {
    name: 'x-own',
    reservedBit: 1,
    offer: () => [[]],
    accept: () => ({ parameters: [], codec }),
    confirm: () => codec,
    ...others,
  }
}

const OFFER = upgradeRequest({ 'Sec-WebSocket-Extensions': 'x-own; and=what, x-own' })

async function offerTo(port: number): Promise<RawPeer> {
  const peer = await RawPeer.connect(port)
  peer.write(OFFER)
  await peer.until(() => peer.head !== undefined)
  return peer
}

let printed: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  printed = vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => printed.mockRestore())

describe('an extension that fails costs its own connection, never the process', () => {
  test.each<[string, Partial<MessageCodec>, string]>([
    ['throws in encode', { encode: fail }, 'the extension fails'],
    ['throws in decode', { decode: fail }, 'the extension fails'],
    ['encodes to no bytes', { encode: () => 'text' as never }, 'encode returned text'],
    ['decodes to no bytes', { decode: () => undefined as never }, 'decode returned undefined'],
  ])('a codec that %s: 1011', async (_what, codec, reason) => {
    const { port, log } = await openServer({
      extensions: [extension({ codec: { ...unchanged, ...codec } })],
      message: (socket, data) => void socket.send(data),
    })
    const other = await RawPeer.upgrade(port)
    const peer = await offerTo(port)
    peer.frame(1, 'hello', { rsv: 1 })
    await peer.until(() => peer.close !== undefined)
    expect(peer.close).toMatchObject({ code: 1011, reason: expect.stringContaining(reason) })
    peer.socket.end()
    expect((await log.next('close')).outcome).toMatchObject({ code: 1011, error: { code: 'ERR_EXTENSION' } })
    other.frame(1, 'still here')
    await other.until(() => other.messages === 1)
    expect(other.texts).toEqual(['still here'])
  })

  const answers: [string, () => never][] = [
    ['throws', fail],
    ['answers with what no header can carry', () => ({ parameters: [['a b', undefined]], codec: unchanged }) as never],
    ['answers with no parameters', () => ({ codec: unchanged }) as never],
  ]
  const deciders: [string, Options['authorize']][] = [
    ['at once', () => undefined],
    ['later', () => Promise.resolve(undefined)],
  ]
  test.each(
    deciders.flatMap(([when, authorize]) => answers.map(([what, accept]) => ({ when, authorize, what, accept }))),
  )('an opening handshake decided $when in which it $what: 500', async ({ authorize, accept }) => {
    const { port, server } = await openServer({ extensions: [extension({ accept })], authorize: authorize as never })
    const peer = await offerTo(port)
    expect(peer.status).toBe(500)
    expect(printed).toHaveBeenCalledWith('An extension failed:', expect.any(Error))
    expect(server.stats).toMatchObject({ open: 0, accepted: 0, refused: 1 })
    await RawPeer.upgrade(port)
  })

  test('a client whose extension throws on the answer is told so', async () => {
    const url = await openRaw((socket, _head, key) =>
      socket.write(accepted(key, 'Sec-WebSocket-Extensions: x-own; surprise\r\n')),
    )
    const connecting = openClient(url, { extensions: [extension({ confirm: fail })] })
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_EXTENSION', cause: { message: 'the extension fails' } })
  })

  test('a client whose extension cannot offer connects to nothing', async () => {
    let connections = 0
    const url = await openRaw(() => connections++)
    const offers = [fail, () => [[['no token', undefined]]] as never]
    for (const offer of offers) await expect(openClient(url, { extensions: [extension({ offer })] })).rejects.toThrow()
    expect(connections).toBe(0)
  })
})

describe('what is no extension is refused before anything listens', () => {
  test.each<[string, object]>([
    ['no token', { name: 'x own' }],
    ['x-own with reservedBit 3', { reservedBit: 3 }],
    ['x-own with reservedBit undefined', { reservedBit: undefined }],
    ['x-own without the method accept', { accept: undefined }],
  ])('%s', async (what, changes) => {
    const extensions = [{ ...extension(), ...changes } as MessageExtension]
    const message = expect.stringContaining(what)
    await expect(openServer({ extensions })).rejects.toMatchObject({ code: 'ERR_OPTION', message })
    await expect(openClient('ws://localhost:1', { extensions })).rejects.toMatchObject({ code: 'ERR_OPTION', message })
  })

  test('two of one name', async () => {
    const extensions = [extension(), extension({ reservedBit: 2 })]
    const message = expect.stringContaining('x-own twice')
    await expect(openServer({ extensions })).rejects.toMatchObject({ code: 'ERR_OPTION', message })
  })
})

test('RFC 6455 §5.8 an extension without a reserved bit changes every message both ways', async () => {
  const invert = (payload: Uint8Array): Uint8Array => payload.map((byte) => byte ^ 0xff)
  const extensions = [extension({ reservedBit: 0, codec: { encode: invert, decode: invert } })]
  const { port, url } = await openServer({ extensions, message: (socket, data) => void socket.send(data) })
  const peer = await offerTo(port)
  peer.frame(1, invert(Buffer.from('é')))
  await peer.until(() => peer.messages === 1)
  expect(peer.frames[0]).toMatchObject({ rsv: 0, payload: Buffer.from(invert(Buffer.from('é'))) })
  const { socket, log } = await openClient(url, { extensions })
  for (const message of ['', 'text', Buffer.from('ff00', 'hex')]) socket.send(message)
  await log.next('message', 3)
  expect(log.messages).toEqual(['', 'text', Buffer.from('ff00', 'hex')])
})
