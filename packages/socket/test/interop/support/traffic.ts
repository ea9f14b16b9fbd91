import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { digest } from '../../node/support/digest.ts'
import type { TrafficItem } from './session.ts'

/** Lengths at which the frame header changes its form (RFC 6455 §5.2), their neighbours, and a large one. */
const SIZES = [0, 1, 2, 124, 125, 126, 127, 128, 1000, 4096, 16_384, 65_535, 65_536, 65_537, 204_800]
const MAX_PING_BYTES = 125
const PINGS = 6

/** Characters of one to four bytes in UTF-8, the ends of each range, and what editors like to break. */
const CHARACTERS = [
  ...'aZ09 \n\0\u007f\u0080éß\u07ff\u0800€漢字\ud7ff\ue000\ufffd\uffff𝄞😀\u{10000}\u{10ffff}\u200d\ufeff',
]
const WORDS = [
  'price',
  'symbol',
  'Zürich',
  'offset',
  '{"id":',
  ',"time":',
  '😀',
  ' ',
  'the quick brown fox ',
  '[1,2,3]',
]

/** A traffic file of a test. */
export interface Traffic {
  /** Gone when the test is over. */
  readonly file: string
  readonly items: readonly TrafficItem[]
  /** A digest of each message, in order. */
  readonly messages: readonly string[]
  /** Payloads of the pings in base64, in order. */
  readonly pings: readonly string[]
}

/**
 * Messages in a random order: every size above, as text of all kinds of characters, as text that compresses well (also
 * across messages), as bytes that do not; some in fragments; pings between them, none at the end. The same for the same seed.
 */
export function randomTraffic(seed: number): Traffic {
  const random = seededRandom(seed)
  const items: TrafficItem[] = SIZES.flatMap((size) => [
    message('text', randomText(size, CHARACTERS, random), random),
    message('text', randomText(size, WORDS, random), random),
    message('binary', randomBytes(size, random), random),
  ])
  for (let i = 0; i < 20; i++) items.push(message('text', Buffer.from(similarMessage(i)), random))
  shuffle(items, random)
  for (let i = 0; i < PINGS; i++) {
    // The first is the largest that there may be; no two are alike, since an answer is told by its payload.
    const payload = Buffer.concat([Buffer.from([i]), randomBytes(i === 0 ? MAX_PING_BYTES - 1 : random(40), random)])
    items.splice(random(items.length), 0, { type: 'ping', data: payload.toString('base64') })
  }
  return saveTraffic(items)
}

/** Messages of about 1 KiB that are alike: what a context that is taken over pays for (RFC 7692 §7.1.1). */
export function similarTraffic(count: number): Traffic {
  const rows = (i: number): string => Array.from({ length: 7 }, (_, row) => similarMessage(i * 7 + row)).join('\n')
  return saveTraffic(Array.from({ length: count }, (_, i): TrafficItem => textItem(rows(i))))
}

/** These texts and bytes. */
export function trafficOf(...messages: readonly (string | Uint8Array)[]): Traffic {
  return saveTraffic(
    messages.map((data) =>
      typeof data === 'string' ? textItem(data) : { type: 'binary', data: Buffer.from(data).toString('base64') },
    ),
  )
}

/** What a side that sends back is sent must have sent. */
export function withoutPings({ items }: Traffic): Traffic {
  return saveTraffic(items.filter(({ type }) => type !== 'ping'))
}

/** Whole numbers from 0 to below what is asked for, the same for the same seed. */
function seededRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function saveTraffic(items: readonly TrafficItem[]): Traffic {
  const folder = mkdtempSync(join(tmpdir(), 'wigwag-traffic-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'traffic.ndjson')
  writeFileSync(file, items.map((item) => `${JSON.stringify(item)}\n`).join(''))
  const pings = items.filter(({ type }) => type === 'ping').map(({ data }) => data)
  return { file, items, messages: items.filter(({ type }) => type !== 'ping').map(digestItem), pings }
}

function digestItem({ type, data }: TrafficItem): string {
  const bytes = Buffer.from(data, 'base64')
  return digest(type === 'text' ? bytes.toString() : bytes)
}

function textItem(text: string): TrafficItem {
  return { type: 'text', data: Buffer.from(text).toString('base64') }
}

/** A third of the messages of more than a byte goes in two to five fragments; one of them may be empty. */
function message(type: 'text' | 'binary', bytes: Buffer, random: (below: number) => number): TrafficItem {
  const item = { type, data: bytes.toString('base64') }
  if (bytes.length < 2 || random(3) > 0) return item
  const ends = Array.from({ length: 1 + random(4) }, () => random(bytes.length + 1)).sort((a, b) => a - b)
  const fragments = [...ends, bytes.length].map((end, i) => end - (i === 0 ? 0 : (ends[i - 1] as number)))
  return { ...item, fragments }
}

/** Text of exactly that many bytes. */
function randomText(size: number, alphabet: readonly string[], random: (below: number) => number): Buffer {
  const parts: Buffer[] = []
  let length = 0
  while (length < size) {
    const characters = alphabet[random(alphabet.length)] as string
    // Not everybody leaves it there at the beginning, which is a test of its own.
    const part = Buffer.from(length === 0 && characters === '\ufeff' ? '.' : characters)
    parts.push(length + part.length <= size ? part : Buffer.from('.'))
    length += (parts.at(-1) as Buffer).length
  }
  return Buffer.concat(parts)
}

function randomBytes(size: number, random: (below: number) => number): Buffer {
  return Buffer.from(Array.from({ length: size }, () => random(256)))
}

function similarMessage(i: number): string {
  return JSON.stringify({
    channel: 'prices',
    offset: i,
    epoch: 'c3VtbWVy',
    data: { symbol: ['ABC', 'XYZ'][i % 2], price: 100 + ((i * 7919) % 1000) / 100, currency: 'EUR', venue: 'Zürich' },
    tags: ['a', 'b'],
  })
}

function shuffle<T>(list: T[], random: (below: number) => number): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random(i + 1)
    const kept = list[i] as T
    list[i] = list[j] as T
    list[j] = kept
  }
}

/** Its texts. */
export function textsOf({ items }: Traffic): string[] {
  return items.filter(({ type }) => type === 'text').map(({ data }) => Buffer.from(data, 'base64').toString())
}
