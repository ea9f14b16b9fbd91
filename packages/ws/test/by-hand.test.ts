import { randomBytes } from 'node:crypto'
import { frameBytes, readFrames, TEST_MASK } from '@wigwag/socket/testing'
import { extension, PerMessageDeflate, Receiver, Sender, subprotocol } from '@wigwag/ws'
import { describe, expect, test } from 'vitest'

describe('Sender.frame encodes what the core reads', () => {
  test.each([0, 1, 125, 126, 65_535, 65_536])('a payload of %i bytes, masked and not', (size) => {
    const payload = randomBytes(size)
    for (const mask of [false, true]) {
      const original = Buffer.from(payload)
      const wire = Buffer.concat(Sender.frame(payload, { opcode: 2, fin: true, rsv1: true, mask }))
      expect(payload, 'the data is left alone').toEqual(original)
      expect(readFrames(new Uint8Array(wire))).toEqual([
        { opcode: 2, fin: true, rsv: 4, masked: mask, payload: new Uint8Array(payload) },
      ])
    }
  })
})

describe('Receiver reads frames that are written to it', () => {
  test('messages, pings, pongs and a Close frame', () => {
    const receiver = new Receiver({ isServer: true })
    const told: unknown[] = []
    for (const name of ['message', 'ping', 'pong', 'conclude']) {
      receiver.on(name, (...parameters) => told.push([name, ...parameters.map(String)]))
    }
    const send = (opcode: number, payload: Uint8Array): unknown =>
      receiver.write(frameBytes({ opcode, mask: TEST_MASK, payload }))
    send(1, Buffer.from('text'))
    send(2, Buffer.from('bytes'))
    send(9, Buffer.from('ping'))
    send(10, Buffer.from('pong'))
    send(8, Buffer.from([3, 0xe8, 0x62, 0x79, 0x65]))
    expect(told).toEqual([
      ['message', 'text', 'false'],
      ['message', 'bytes', 'true'],
      ['ping', 'ping'],
      ['pong', 'pong'],
      ['conclude', '1000', 'bye'],
    ])
  })

  test('emits what is wrong', async () => {
    const receiver = new Receiver({ isServer: true })
    const failed = new Promise((resolve) => receiver.on('error', resolve))
    receiver.write(frameBytes({ opcode: 1, payload: Buffer.from('unmasked') }))
    expect(await failed).toMatchObject({
      code: 'WS_ERR_EXPECTED_MASK',
      message: 'Invalid WebSocket frame: MASK must be set',
    })
  })
})

describe('headers as objects', () => {
  test('RFC 6455 §9.1 extensions', () => {
    const header = 'permessage-deflate; client_max_window_bits; server_max_window_bits=10, foo; a=1; a="2"'
    expect(extension.parse(header)).toEqual({
      'permessage-deflate': [{ client_max_window_bits: [true], server_max_window_bits: ['10'] }],
      foo: [{ a: ['1', '2'] }],
    })
    expect(extension.format({ 'permessage-deflate': [{ a: true, b: 10 }, {}], foo: { c: ['1', true] } })).toBe(
      'permessage-deflate; a; b=10, permessage-deflate, foo; c=1; c',
    )
    for (const wrong of ['', ';', 'a;', 'a, b c']) expect(() => extension.parse(wrong), wrong).toThrow(SyntaxError)
  })

  test('§4.1 step 10 subprotocols', () => {
    expect([...subprotocol.parse('a, b')]).toEqual(['a', 'b'])
    for (const wrong of ['', 'a b', 'a, a']) expect(() => subprotocol.parse(wrong), wrong).toThrow(SyntaxError)
  })
})

describe('RFC 7692 by hand', () => {
  test('what one end compresses the other inflates', async () => {
    const client = new PerMessageDeflate({ threshold: 0 })
    const server = new PerMessageDeflate({ isServer: true, maxPayload: 10_000 })
    expect(client.offer()).toEqual({ client_max_window_bits: true })
    const offers = extension.parse(extension.format({ 'permessage-deflate': client.offer() }))['permessage-deflate']
    const answer = extension.format({ 'permessage-deflate': server.accept(offers ?? []) })
    client.accept(extension.parse(answer)['permessage-deflate'] ?? [])
    for (let i = 0; i < 3; i++) {
      const compressed = await new Promise<Buffer>((resolve) =>
        client.compress('hello '.repeat(100), true, (_, data) => resolve(data as Buffer)),
      )
      expect(compressed.length).toBeLessThan(100)
      const plain = await new Promise<Buffer>((resolve) =>
        server.decompress(compressed, true, (_, data) => resolve(data as Buffer)),
      )
      expect(plain.toString()).toBe('hello '.repeat(100))
    }
    expect(() => server.accept([{ unknown: [true] }])).toThrow('None of the extension offers can be accepted')
  })
})
