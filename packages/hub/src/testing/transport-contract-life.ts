import type { Position } from '../index.ts'
import { assertKept, assertSame } from './contract-assertions.ts'
import {
  assertTold,
  dataTold,
  gapsTold,
  numbered,
  placed,
  publishAll,
  type TransportContractEntry,
  type TransportReader,
  type TransportSubject,
  type TransportTold,
  untilEnded,
  untilSubscriptions,
  untilTrue,
} from './transport-subject.ts'

const QUEUED = 256 * 1024
const SIZE = 100_000
/** More than the kernel's buffers of both ends take, and everything that a server may queue. */
const MOST = 300

/** A connection's life: slow readers, silence, the server's end. */
export const lifeCases: readonly TransportContractEntry[] = [
  {
    name: 'a reader that stalls is kept a bounded amount, others are told on, and back it misses nothing',
    options: { maxQueuedBytes: QUEUED, historySize: MOST },
    async check(subject) {
      const start = placed((await publishAll(subject, 'a', ['start']))[0])
      const slow = await subject.open('a', start)
      const reader = await subject.open('a', start)
      slow.stall()
      const published = await publishUntilEnded(subject, reader)
      slow.goOn()
      if (!subject.isAsked) await untilEnded(slow)
      const told = await comeBack(subject, slow, start, published.at(-1) as string)
      const expected = subject.tellsPositions ? published : published.slice(0, dataTold(told).length)
      assertSame(dataTold(told).map(briefly), expected.map(briefly), 'all that was published, once, in order')
      assertSame(gapsTold(told), [], 'history held everything')
    },
  },
  {
    name: 'a silent connection is shown to live',
    options: { keepaliveMs: 30 },
    async check(subject) {
      const reader = await subject.open('a')
      const keepalives = (): number => reader.told.filter(({ kind }) => kind === 'keepalive').length
      await untilTrue(reader, () => keepalives() >= 2, 'a silent connection goes on')
      await subject.publish('a', 'news')
      await assertTold(reader, ['news'], 'and is told of publications')
    },
  },
  {
    name: 'a drain ends everybody behind what was published, and nobody comes in any more',
    async check(subject) {
      const start = placed((await publishAll(subject, 'a', ['start']))[0])
      const readers = await Promise.all([1, 2, 3].map(() => subject.open('a', start)))
      await publishAll(subject, 'a', numbered('news', 5))
      await subject.drain()
      for (const reader of readers) {
        await untilEnded(reader)
        const told = dataTold(reader.told)
        assertSame(told, numbered('news', 5).slice(0, told.length), 'what was told is a beginning of what there was')
        if (!subject.isAsked) assertSame(told.length, 5, 'what was published before is told before')
      }
      assertSame(subject.subscriptions(), 0, 'nobody is left')
      const late = await subject.open('a', start).catch(() => undefined)
      if (late !== undefined) await untilEnded(late)
      assertSame(dataTold(late?.told ?? []), [], 'who comes late is sent away')
    },
  },
  {
    name: 'who comes and goes leaves nothing behind',
    async check(subject) {
      const [position] = await publishAll(subject, 'a', ['start'])
      for (let i = 0; i < 30; i++) {
        const reader = await subject.open('a', i % 2 === 0 ? undefined : placed(position))
        reader.cut()
      }
      await untilSubscriptions(subject, 0)
      const reader = await subject.open('a')
      await subject.publish('a', 'news')
      await assertTold(reader, ['news'], 'the next one is told as the first')
    },
  },
]

/** Publishes to two readers, one of which stalls, until that one was ended; resolves with what was published. */
async function publishUntilEnded(subject: TransportSubject, reader: TransportReader): Promise<string[]> {
  const published: string[] = []
  const isOver = (): boolean => (subject.isAsked ? published.length > 50 : subject.slowReaders() > 0)
  while (!isOver()) {
    assertKept(published.length < MOST - 2, 'what waits for a reader that stalls is bounded')
    published.push(`${published.length} `.padEnd(SIZE, 'x'))
    await subject.publish('a', published.at(-1) as string)
    await untilTrue(reader, () => dataTold(reader.told).length === published.length, 'who reads is told on')
  }
  await subject.publish('a', 'end')
  published.push('end')
  return published
}

/** Everything that a reader was told, and was told when it came back for the rest. */
async function comeBack(
  subject: TransportSubject,
  slow: TransportReader,
  start: Position,
  last: string,
): Promise<TransportTold[]> {
  const told: TransportTold[] = []
  let reader = slow
  for (;;) {
    while (reader.end === undefined && !dataTold(reader.told).includes(last)) await reader.changed()
    told.push(...reader.told)
    if (dataTold(told).includes(last) || !subject.tellsPositions) return told
    reader = await subject.open('a', reader.position ?? start)
  }
}

function briefly(data: string | Uint8Array): string {
  return String(data).slice(0, 5)
}
