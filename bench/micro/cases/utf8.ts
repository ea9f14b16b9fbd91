import { isUtf8 } from 'node:buffer'
import { Utf8Validator } from '@wigwag/socket/core'
import { nodeBytes } from '@wigwag/socket/driver'
import { assertSame, type Contender, type MicroCase } from '../micro-case.ts'
import { asciiText, sizeName } from './payloads.ts'

const CYRILLIC = 'абвгдежзийклмнопрстуфхцчшщъыьэюя'

/** Text that is checked, and text that is checked and made a string (RFC 6455 §8.1). */
export function utf8Cases(): MicroCase[] {
  return [16, 125, 1024, 16 * 1024].flatMap((size) =>
    [
      { kind: 'ASCII', text: asciiText(size) },
      { kind: 'non-ASCII', text: CYRILLIC.repeat(Math.ceil(size / 2 / CYRILLIC.length)).slice(0, size / 2) },
    ].flatMap(({ kind, text }) => {
      const bytes = Buffer.from(text)
      return [
        {
          name: `check ${kind} ${sizeName(size)}`,
          about: 'UTF-8 that may come in pieces, here in one',
          operations: 1,
          contenders: [validator(bytes), checker("ws (node's isUtf8)", bytes, isUtf8), textDecoder(bytes)],
        },
        {
          name: `decode ${kind} ${sizeName(size)}`,
          about: 'checked bytes made a string; that they are ASCII is known from unmasking',
          operations: 1,
          contenders: [
            decoder('wigwag', bytes, () => nodeBytes.decodeText(bytes, 0, bytes.length, kind === 'ASCII')),
            decoder('naive (toString)', bytes, () => bytes.toString()),
          ],
        },
      ]
    }),
  )
}

function validator(bytes: Buffer): Contender {
  return checker('wigwag', bytes, (some) => {
    const utf8 = new Utf8Validator(nodeBytes)
    return utf8.push(some, 0, some.length) && utf8.complete
  })
}

function textDecoder(bytes: Buffer): Contender {
  const decoding = new TextDecoder('utf-8', { fatal: true })
  return checker('naive (TextDecoder)', bytes, (some) => {
    try {
      return decoding.decode(some).length > 0
    } catch {
      return false
    }
  })
}

function checker(name: string, bytes: Buffer, isRight: (bytes: Buffer) => boolean): Contender {
  return {
    name,
    run(times) {
      let right = 0
      for (let i = 0; i < times; i++) right += isRight(bytes) ? 1 : 0
      return right
    },
    check() {
      const surrogate = Buffer.concat([bytes, Buffer.from([0xed, 0xa0, 0x80])])
      const cut = Buffer.concat([bytes, Buffer.from([0xd0])])
      if (!isRight(bytes) || isRight(surrogate) || isRight(cut))
        throw new Error(`${name}: wrong about ${bytes.length} B`)
    },
  }
}

function decoder(name: string, bytes: Buffer, decode: () => string): Contender {
  return {
    name,
    run(times) {
      let length = 0
      for (let i = 0; i < times; i++) length += decode().length
      return length
    },
    check: () => assertSame(name, decode(), bytes),
  }
}
