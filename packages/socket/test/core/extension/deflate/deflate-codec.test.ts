import { createInflateRaw, deflateRawSync, type InflateRaw, constants as zlib } from 'node:zlib'
import { nodeDeflate, type PerMessageDeflateOptions } from '@wigwag/socket'
import {
  type AcceptedExtension,
  type DeflatePort,
  type MessageCodec,
  PerMessageDeflate,
  ProtocolError,
} from '@wigwag/socket/core'
import { concatBytes, textBytes } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { publicDeflate } from '../../../../src/node/public-deflate.ts'
import { referenceInflate } from '../../support/reference-inflate.ts'

interface Limits extends PerMessageDeflateOptions {
  readonly bits?: number
  readonly takeover?: boolean
}

/** A server's codec; both directions have the same window. */
function openCodecOn(port: DeflatePort, { bits = 15, takeover = true, ...options }: Limits): MessageCodec {
  const extension = new PerMessageDeflate(
    {
      thresholdBytes: 0,
      serverMaxWindowBits: bits,
      clientMaxWindowBits: bits,
      serverNoContextTakeover: !takeover,
      clientNoContextTakeover: !takeover,
      ...options,
    },
    port,
  )
  return (extension.accept([['client_max_window_bits', undefined]]) as AcceptedExtension).codec
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const decoded = (codec: MessageCodec, payload: Uint8Array): string | ProtocolError => {
  const result = codec.decode(payload, 1 << 20)
  return result instanceof ProtocolError ? result : Buffer.from(result).toString()
}

/** Messages that repeat themselves and each other, as applications send them. */
const messages = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 200 }).map(textBytes),
    fc
      .tuple(
        fc.constantFrom('{"order":', '<td class="price">', 'aaaaaaaa'),
        fc.integer({ min: 1, max: 700 }),
        fc.nat(9),
      )
      .map(([part, times, salt]) => textBytes(`${salt}${part.repeat(times)}`)),
  ),
  { minLength: 1, maxLength: 12 },
)

const bitsOfWindow = fc.integer({ min: 8, max: 15 })

describe.each([
  ['streams of zlib that are kept', nodeDeflate],
  ['documented calls', publicDeflate],
] as const)('with %s', (_port, port) => {
  const openCodec = (limits: Limits = {}): MessageCodec => openCodecOn(port, limits)

  describe('RFC 7692 §7.2.3 the examples', () => {
    test('§7.2.3.1 one compressed DEFLATE block', () => {
      expect(decoded(openCodec(), hex('f2 48 cd c9 c9 07 00'))).toBe('Hello')
    })

    test('§7.2.3.2 sharing the LZ77 window', () => {
      const codec = openCodec()
      expect(decoded(codec, hex('f2 48 cd c9 c9 07 00'))).toBe('Hello')
      expect(decoded(codec, hex('f2 00 11 00 00'))).toBe('Hello')
    })

    test('§7.2.3.2 without context takeover there is nothing to share: 1007', () => {
      const codec = openCodec({ takeover: false })
      expect(decoded(codec, hex('f2 48 cd c9 c9 07 00'))).toBe('Hello')
      expect(decoded(codec, hex('f2 00 11 00 00'))).toMatchObject({ code: 'ERR_MESSAGE_COMPRESSION', closeCode: 1007 })
    })

    test('§7.2.3.3 a DEFLATE block without compression', () => {
      expect(decoded(openCodec(), hex('00 05 00 fa ff 48 65 6c 6c 6f 00'))).toBe('Hello')
    })

    test('§7.2.3.4 a DEFLATE block with BFINAL set', () => {
      const codec = openCodec()
      expect(decoded(codec, hex('f3 48 cd c9 c9 07 00 00'))).toBe('Hello')
      expect(decoded(codec, hex('f2 00 11 00 00')), 'the window outlives the final block').toBe('Hello')
    })

    test('§7.2.3.5 two DEFLATE blocks in one message', () => {
      expect(decoded(openCodec(), hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'))).toBe('Hello')
    })

    test('§7.2.3.6 an empty message', () => {
      expect(decoded(openCodec(), hex('00'))).toBe('')
      expect(new Uint8Array(openCodec().encode(new Uint8Array(0), true) as Uint8Array)).toEqual(hex('00'))
    })
  })

  describe('§7.2.2 BFINAL', () => {
    const finalBlock = hex('f3 48 cd c9 c9 07 00')

    test('a final block may be followed by more, which may refer to it', () => {
      const codec = openCodec()
      expect(decoded(codec, concatBytes(finalBlock, finalBlock, hex('f2 00 11 00 00')))).toBe('HelloHelloHello')
    })

    test('a final block without the empty block behind it is taken, because nothing is lost', () => {
      expect(decoded(openCodec(), finalBlock)).toBe('Hello')
    })

    test('an empty final block whose last four bytes were taken away', () => {
      expect(decoded(openCodec(), concatBytes(hex('f2 48 cd c9 c9 07 00 00 00 ff ff'), hex('01')))).toBe('Hello')
    })

    test('maxFinalBlocks: a flood of them ends in 1008', () => {
      const flood = concatBytes(...Array.from({ length: 65 }, () => hex('03 00')), hex('00'))
      expect(decoded(openCodec(), flood)).toMatchObject({ code: 'ERR_MESSAGE_COMPRESSION', closeCode: 1008 })
      expect(decoded(openCodec({ maxFinalBlocks: 65 }), flood)).toBe('')
    })

    test('the limit on bytes counts all of them together', () => {
      const payload = concatBytes(finalBlock, finalBlock, hex('00'))
      expect(openCodec().decode(payload, 10)).toHaveLength(10)
      expect(openCodec().decode(payload, 9)).toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE', closeCode: 1009 })
    })
  })

  describe('what does not decompress ends in 1007', () => {
    test.each([
      ['nothing at all', ''],
      ['a reserved block type', '07'],
      ['a stored block with lengths that differ', '00 05 00 fa fe 48 65 6c 6c 6f 00'],
      ['a distance beyond everything', 'f2 00 11 00 00'],
      ['garbage', 'ff ff ff ff'],
      ['a block that is cut short', 'f2 48 cd c9'],
      ['a final block that is cut short and would go on in what we add', '4b 61 61 5b fd 59 61'],
      ['a stored block that is cut short', '00 ff 00 00 ff 48'],
      ['something behind the final block', 'f3 48 cd c9 c9 07 00 07'],
    ])('%s', (_what, payload) => {
      expect(decoded(openCodec(), hex(payload))).toMatchObject({ code: 'ERR_MESSAGE_COMPRESSION', closeCode: 1007 })
    })

    test('every message cut anywhere: taken when a block ends there, refused otherwise', () => {
      const text = textBytes('{"a":1,"b":[1,2,3],"text":"some text, some more text"}'.repeat(3))
      const payload = openCodec().encode(text, true) as Uint8Array
      for (let end = 0; end < payload.length; end++) {
        const cut = payload.slice(0, end)
        const expected = referenceInflate(cut)
        const result = openCodec().decode(cut, 1 << 20)
        if (expected === undefined) expect(result, `cut at ${end}`).toBeInstanceOf(ProtocolError)
        else expect(Buffer.compare(result as Uint8Array, expected.bytes), `cut at ${end}`).toBe(0)
      }
    })
  })

  describe('round trips', () => {
    test('whatever is compressed comes back, for every window, level and memory', () => {
      fc.assert(
        fc.property(
          messages,
          bitsOfWindow,
          fc.boolean(),
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: 1, max: 9 }),
          (list, bits, takeover, level, memLevel) => {
            const limits = { bits, takeover, level, memLevel }
            const [sender, receiver] = [openCodec(limits), openCodec(limits)]
            for (const message of list) {
              const payload = sender.encode(message, undefined)
              if (payload === undefined) continue
              expect(payload.length).toBeLessThan(Math.max(message.length, 2))
              expect(Buffer.compare(receiver.decode(payload, 1 << 20) as Uint8Array, message)).toBe(0)
            }
          },
        ),
        { numRuns: 300 },
      )
    })

    test('a decoder with exactly the negotiated window decodes it: no match reaches back further', () => {
      fc.assert(
        fc.property(messages, bitsOfWindow, fc.boolean(), (list, bits, takeover) => {
          const codec = openCodec({ bits, takeover })
          let history = new Uint8Array(0)
          for (const message of list) {
            const payload = codec.encode(message, undefined)
            if (payload === undefined) continue
            const inflated = referenceInflate(payload, history)
            expect(inflated?.longestDistance).toBeLessThanOrEqual(2 ** bits)
            expect(Buffer.compare(inflated?.bytes as Uint8Array, message)).toBe(0)
            if (takeover) history = new Uint8Array(concatBytes(history, message))
          }
        }),
        { numRuns: 60 },
      )
    })

    test('a stateful zlib stream with that window decodes what we send', async () => {
      await fc.assert(
        fc.asyncProperty(messages, bitsOfWindow, async (list, bits) => {
          const codec = openCodec({ bits })
          const stream = createInflateRaw({ windowBits: bits, chunkSize: 64 })
          for (const message of list) {
            const payload = codec.encode(message, undefined)
            if (payload === undefined) continue
            expect(Buffer.compare(await inflateWith(stream, payload), message)).toBe(0)
          }
          stream.close()
        }),
        { numRuns: 60 },
      )
    })

    test('we decode what a stateful zlib stream sends', async () => {
      const { createDeflateRaw } = await import('node:zlib')
      await fc.assert(
        fc.asyncProperty(messages, fc.integer({ min: 9, max: 15 }), async (list, bits) => {
          const codec = openCodec({ bits })
          const stream = createDeflateRaw({ windowBits: bits })
          for (const message of list) {
            const parts: Buffer[] = []
            const collect = (part: Buffer): void => void parts.push(part)
            stream.on('data', collect)
            await new Promise<void>((done) => {
              stream.write(message)
              stream.flush(zlib.Z_SYNC_FLUSH, () => done())
            })
            stream.off('data', collect)
            const payload = Buffer.concat(parts).subarray(0, -4)
            expect(Buffer.compare(codec.decode(payload, 1 << 20) as Uint8Array, message)).toBe(0)
          }
          stream.close()
        }),
        { numRuns: 60 },
      )
    })

    test('what was left uncompressed is in nobody’s window', () => {
      const [sender, receiver] = [openCodec(), openCodec()]
      const text = textBytes('some text that repeats itself, some text that repeats itself')
      expect(sender.encode(text, false)).toBeUndefined()
      const first = sender.encode(text, true) as Uint8Array
      expect(Buffer.compare(receiver.decode(first, 1000) as Uint8Array, text)).toBe(0)
      expect((sender.encode(text, true) as Uint8Array).length).toBeLessThan(10)
    })

    test('a message that the sender changes later was copied into the window', () => {
      const [sender, receiver] = [openCodec(), openCodec()]
      const message = new Uint8Array(500).fill(7)
      expect(receiver.decode(sender.encode(message, true) as Uint8Array, 1000)).toHaveLength(500)
      message.fill(9)
      expect(
        Buffer.compare(receiver.decode(sender.encode(message, true) as Uint8Array, 1000) as Uint8Array, message),
      ).toBe(0)
    })
  })

  describe('bombs', () => {
    test.each([1, 1000, 65_536, 1 << 20])(
      'stop at a limit of %i bytes, one byte more or a million times',
      (maxBytes) => {
        for (const size of [maxBytes + 1, 64 << 20]) {
          const bomb = deflateRawSync(Buffer.alloc(size), { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4)
          expect(openCodec().decode(bomb, maxBytes)).toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE', closeCode: 1009 })
        }
        const fitting = deflateRawSync(Buffer.alloc(maxBytes), { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4)
        expect(openCodec().decode(fitting, maxBytes)).toHaveLength(maxBytes)
      },
    )
  })
})

function inflateWith(stream: InflateRaw, payload: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    const collect = (part: Buffer): void => void parts.push(part)
    stream.on('data', collect).once('error', reject)
    stream.write(Buffer.concat([payload, hex('00 00 ff ff')]))
    stream.flush(() => {
      stream.off('data', collect).off('error', reject)
      resolve(Buffer.concat(parts))
    })
  })
}
