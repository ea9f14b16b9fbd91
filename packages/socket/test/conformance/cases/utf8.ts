import { textBytes } from '@wigwag/socket/testing'
import type { ConformanceCase } from '../judge/conformance-case.ts'
import { BOTH, echo, fail, type JudgeFrame, pong, type Step, send, sendIn } from '../judge/step.ts'
import { fragments } from './fragmentation.ts'

const SECTION = 'RFC 6455 §8.1'

function both(title: string, exchanges: readonly (readonly Step[])[]): ConformanceCase {
  return { section: SECTION, title, roles: BOTH, exchanges }
}

/** Characters at the edges of what each length of UTF-8 encodes, and beside what it must not. */
const CHARACTERS: readonly (readonly [name: string, text: string])[] = [
  ['U+0000', '\u0000'],
  ['U+007F', '\u007f'],
  ['U+0080', '\u0080'],
  ['U+07FF', '\u07ff'],
  ['U+0800', '\u0800'],
  ['U+CFFF', '\ucfff'],
  ['U+D7FF', '\ud7ff'],
  ['U+E000', '\ue000'],
  ['U+FDD0, a noncharacter', '\ufdd0'],
  ['U+FEFF, a byte order mark', '\ufeff'],
  ['U+FFFD', '\ufffd'],
  ['U+FFFF, a noncharacter', '\uffff'],
  ['U+10000', '\u{10000}'],
  ['U+3FFFF', '\u{3ffff}'],
  ['U+40000', '\u{40000}'],
  ['U+FFFFF', '\u{fffff}'],
  ['U+100000', '\u{100000}'],
  ['U+10FFFF', '\u{10ffff}'],
]

const good: readonly ConformanceCase[] = CHARACTERS.map(([name, character]) => {
  const text = `a${character}z`
  const bytes = textBytes(text)
  const places = Array.from({ length: bytes.length + 1 }, (_, at) => at)
  return both(`${name} passes, cut in two fragments or two chunks at every place`, [
    places.flatMap((at): Step[] => [send(...fragments(1, [bytes.subarray(0, at), bytes.subarray(at)])), echo(text)]),
    places.flatMap((at): Step[] => [
      sendIn([bytes.length + 2 + at], { opcode: 1, payload: bytes }, { opcode: 9 }),
      echo(text),
      pong(''),
    ]),
    [sendIn('bytewise', { opcode: 1, payload: bytes }), echo(text)],
    [send({ opcode: 1, payload: character.repeat(100) }), echo(character.repeat(100))],
  ])
})

/** Sequences that are not UTF-8, the last byte being the first that cannot be right. */
const BAD: readonly (readonly [what: string, ...bytes: number[]])[] = [
  ['a continuation byte that continues nothing, the lowest', 0x80],
  ['a continuation byte that continues nothing, the highest', 0xbf],
  ['one continuation byte too many, behind two bytes', 0xc3, 0xa9, 0xa9],
  ['one continuation byte too many, behind four bytes', 0xf0, 0x9f, 0x98, 0x80, 0x80],
  ['an overlong NUL', 0xc0],
  ['an overlong character of two bytes, the highest', 0xc1],
  ['an overlong character of three bytes, the lowest', 0xe0, 0x80],
  ['an overlong character of three bytes, the highest', 0xe0, 0x9f],
  ['an overlong character of four bytes, the lowest', 0xf0, 0x80],
  ['an overlong character of four bytes, the highest', 0xf0, 0x8f],
  ['the lowest surrogate', 0xed, 0xa0],
  ['the highest surrogate', 0xed, 0xbf],
  ['above U+10FFFF, the lowest', 0xf4, 0x90],
  ['above U+10FFFF, the highest that begins with F4', 0xf4, 0xbf],
  ['above U+10FFFF, begun with F5', 0xf5],
  ['above U+10FFFF, begun with F7', 0xf7],
  ['the beginning of five bytes', 0xf8],
  ['the beginning of six bytes', 0xfc],
  ['the byte FE', 0xfe],
  ['the byte FF', 0xff],
  ['two bytes, cut short by ASCII', 0xc3, 0x41],
  ['three bytes, cut short by ASCII behind the first', 0xe2, 0x41],
  ['three bytes, cut short by ASCII behind the second', 0xe2, 0x82, 0x41],
  ['four bytes, cut short by ASCII behind the first', 0xf0, 0x41],
  ['four bytes, cut short by ASCII behind the second', 0xf0, 0x9f, 0x41],
  ['four bytes, cut short by ASCII behind the third', 0xf0, 0x9f, 0x98, 0x41],
  ['two bytes, cut short by the beginning of others', 0xc3, 0xc3],
  ['three bytes, cut short by the beginning of others', 0xe2, 0x82, 0xe2],
  ['four bytes, cut short by the beginning of others', 0xf0, 0x9f, 0x98, 0xf0],
  ['four bytes, cut short by a byte that never stands in UTF-8', 0xf0, 0x9f, 0x98, 0xff],
]

/** What stands in front: one and two bytes a character, so that the bad sequence is not where a text begins. */
const BEFORE = textBytes('aé')
/** Long enough for what checks many bytes at once. */
const LONG_BEFORE = textBytes('Grüße, κόσμε, 世界. '.repeat(12))

/** What would follow the bad byte; it is announced and never sent. */
const WITHHELD = textBytes('never sent')

const bad: readonly ConformanceCase[] = BAD.map(([what, ...sequence]) => {
  const hex = Buffer.from(sequence).toString('hex').replace(/../g, '$& ').trim().toUpperCase()
  const exchanges = [
    ...asSoonAs(Uint8Array.from([...BEFORE, ...sequence])),
    ...asSoonAs(Uint8Array.from([...LONG_BEFORE, ...sequence]), LONG_BEFORE.length - 1),
    [sendIn('apart', ...singleBytes(Uint8Array.from([...BEFORE, ...sequence]))), fail(1007)],
    [send({ opcode: 1, payload: Uint8Array.from([...BEFORE, ...sequence, ...WITHHELD]) }), fail(1007)],
    [send({ opcode: 1, payload: Uint8Array.from(sequence) }), fail(1007)],
  ]
  return both(`${hex}: ${what}, fails with its last byte, wherever the text is cut`, exchanges)
})

/** The bad byte is the last of `bytes`: it is the last that is sent, in a frame and a message that announce more. */
function asSoonAs(bytes: Uint8Array, from: number = 0): Step[][] {
  const whole = Uint8Array.from([...bytes, ...WITHHELD])
  const places = Array.from({ length: bytes.length - from }, (_, i) => from + i)
  return [
    // One frame, cut in two chunks: `at` bytes of payload, then up to the bad byte.
    ...places.flatMap((at): Step[][] => [
      [send({ opcode: 1, payload: whole, until: at }), sendRest(whole, at, bytes.length), fail(1007)],
      // Two fragments, the second of which is not the last.
      [
        send(
          { opcode: 1, fin: false, payload: bytes.subarray(0, at) },
          { opcode: 0, fin: false, payload: whole.subarray(at), until: bytes.length - at },
        ),
        fail(1007),
      ],
    ]),
  ]
}

/** Fragments of one byte each, of a message that is to go on. */
function singleBytes(bytes: Uint8Array): JudgeFrame[] {
  return Array.from(bytes, (byte, i) => ({ opcode: i === 0 ? 1 : 0, fin: false, payload: Uint8Array.of(byte) }))
}

/** Payload bytes `from` to `to` of a frame whose beginning has been sent. */
function sendRest(payload: Uint8Array, from: number, to: number): Step {
  return { do: 'send rest', payload, from, to }
}

/** Sequences that are right as far as they go. */
const CUT_SHORT: readonly (readonly number[])[] = [
  [0xc3],
  [0xe2],
  [0xe2, 0x82],
  [0xf0],
  [0xf0, 0x9f],
  [0xf0, 0x9f, 0x98],
]

const cutShort: readonly ConformanceCase[] = CUT_SHORT.map((sequence) => {
  const payload = Uint8Array.from([...BEFORE, ...sequence])
  return both(
    `a text that ends within a character (${Buffer.from(sequence).toString('hex')}) fails with its last frame`,
    [
      [send({ opcode: 1, payload }), fail(1007)],
      [send({ opcode: 1, payload: Uint8Array.from([...LONG_BEFORE, ...sequence]) }), fail(1007)],
      [send(...fragments(1, [payload, ''])), fail(1007)],
      [send(...fragments(1, [BEFORE, Uint8Array.from(sequence)])), fail(1007)],
      [sendIn('bytewise', { opcode: 1, payload }), fail(1007)],
      // Not a fault yet, while more may come: a ping in between is answered.
      [send({ opcode: 1, fin: false, payload }, { opcode: 9 }), pong(''), send({ opcode: 0 }), fail(1007)],
    ],
  )
})

const otherwise: readonly ConformanceCase[] = [
  both('bytes that are not UTF-8 pass in a binary message, and in pings', [
    BAD.flatMap(([, ...sequence]): Step[] => [
      send({ opcode: 2, payload: Uint8Array.from(sequence) }, { opcode: 9, payload: Uint8Array.from(sequence) }),
      echo(Uint8Array.from(sequence)),
      pong(Uint8Array.from(sequence)),
    ]),
  ]),
  both('each message begins anew: what one text lacks the next does not make up for', [
    [send({ opcode: 1, payload: Uint8Array.of(0xc3) }, { opcode: 1, payload: Uint8Array.of(0xa9) }), fail(1007)],
    [send({ opcode: 1, fin: false, payload: 'é' }, { opcode: 0, payload: Uint8Array.of(0xa9) }), fail(1007)],
  ]),
  both('messages before the bad one are told', [
    [send({ opcode: 1, payload: 'good' }, { opcode: 1, payload: Uint8Array.of(0xff) }), echo('good'), fail(1007)],
  ]),
]

/** UTF-8. */
export const utf8: readonly ConformanceCase[] = [...good, ...bad, ...cutShort, ...otherwise]
