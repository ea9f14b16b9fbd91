import { assertKept, assertSame } from './contract-assertions.ts'
import {
  assertPositions,
  assertTold,
  dataTold,
  numbered,
  publishAll,
  type TransportContractEntry,
  untilSubscriptions,
  untilTold,
} from './transport-subject.ts'

/** Delivering: what is published reaches everybody, once, in order, as it is. */
export const deliveryCases: readonly TransportContractEntry[] = [
  {
    name: 'what is published is told once and in order, with the positions that its publisher was told',
    async check(subject) {
      const reader = await subject.open('a')
      const positions = await publishAll(subject, 'a', numbered('news', 50))
      await assertTold(reader, numbered('news', 50), 'everything is told, once, in order')
      assertPositions(subject, reader, positions)
    },
  },
  {
    name: 'what is published at once is told in the order of the stream',
    async check(subject) {
      const reader = await subject.open('a')
      const positions = await Promise.all(numbered('news', 200).map((data) => subject.publish('a', data)))
      const order = positions.map((position, i) => [position?.offset ?? i, `news ${i}`] as const)
      const expected = order.toSorted(([one], [other]) => one - other).map(([, data]) => data)
      await assertTold(reader, expected, 'everything is told, once, in the order of the offsets')
    },
  },
  {
    name: 'data are told as they are: JSON, text with ends of lines, characters of any plane, bytes, nothing',
    async check(subject) {
      const reader = await subject.open('a')
      const text = [
        '',
        ' leading',
        'two\nlines',
        '\n',
        'data: x\n\nevent: gap',
        ': comment',
        'Ünïcödé 😀 \u2028',
        '"',
        '[]',
      ]
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
      await publishAll(subject, 'a', [
        ...text,
        { a: [1, null, 'x\ny'] },
        0,
        null,
        false,
        bytes,
        new Uint8Array(),
        'end',
      ])
      await untilTold(reader, 'end')
      // Sessions carry bytes in base64, like text.
      const told = dataTold(reader.told).map((data) => (typeof data === 'string' ? data : base64Of(data)))
      const expected = [...text, '{"a":[1,null,"x\\ny"]}', '0', 'null', 'false', base64Of(bytes), '', 'end']
      assertSame(told, expected, 'each is told as it is')
    },
  },
  {
    name: 'what is larger than may wait for a slow reader reaches whoever keeps up',
    options: { maxQueuedBytes: 1000 },
    async check(subject) {
      let reader = await subject.open('a')
      const told: (string | Uint8Array)[] = []
      for (const each of ['x', 'y', 'z'].map((letter) => letter.repeat(200_000))) {
        await subject.publish('a', each)
        while (!dataTold(reader.told).includes(each)) {
          if (reader.end === undefined) await reader.changed()
          else {
            // Until it asks again nobody knows that it has what it was answered with.
            assertKept(subject.isAsked, 'who keeps up stays')
            told.push(...dataTold(reader.told))
            reader = await subject.open('a', reader.position)
          }
        }
      }
      assertSame(
        [...told, ...dataTold(reader.told)].map((data) => data[0]),
        ['x', 'y', 'z'],
        'each is told once',
      )
    },
  },
  {
    name: 'who follows one channel is told nothing of another, whatever their names',
    async check(subject) {
      const channels = ['a', 'ab', 'a/b', 'ü€😀', 'a b'.replace(' ', '+')]
      const readers = await Promise.all(channels.map((channel) => subject.open(channel)))
      for (const channel of channels) await publishAll(subject, channel, [`for ${channel}`, 'end'])
      for (const [i, reader] of readers.entries()) {
        await assertTold(reader, [`for ${channels[i]}`, 'end'], 'a subscriber is told of its own channel alone')
      }
    },
  },
  {
    name: 'everybody is told everything, whoever leaves meanwhile; and nobody is kept who has left',
    async check(subject) {
      const readers = await Promise.all(numbered('reader', 10).map(() => subject.open('a')))
      await publishAll(subject, 'a', numbered('before', 5))
      for (const [i, reader] of readers.entries()) if (i % 2 === 0) reader.cut()
      await publishAll(subject, 'a', numbered('after', 5))
      const expected = [...numbered('before', 5), ...numbered('after', 5)]
      for (const [i, reader] of readers.entries()) {
        if (i % 2 === 1) await assertTold(reader, expected, 'who stays is told everything, once, in order')
      }
      for (const reader of readers) reader.cut()
      await untilSubscriptions(subject, 0)
    },
  },
  {
    name: 'a channel without history is told live, without positions',
    options: { historySize: 0 },
    async check(subject) {
      if (subject.needsHistory) return
      const reader = await subject.open('a')
      // Polls ask for each: between two of them nobody listens.
      for (const data of numbered('news', 5)) {
        await untilSubscriptions(subject, 1)
        await subject.publish('a', data)
        await untilTold(reader, data)
      }
      assertSame(dataTold(reader.told), numbered('news', 5), 'what is published while somebody listens is told, once')
    },
  },
]

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** RFC 4648 §4. Nothing of a host is at hand here. */
function base64Of(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const [one = 0, two, three] = bytes.subarray(i, i + 3)
    const bits = (one << 16) | ((two ?? 0) << 8) | (three ?? 0)
    text += `${ALPHABET[bits >> 18]}${ALPHABET[(bits >> 12) & 63]}`
    text += two === undefined ? '==' : `${ALPHABET[(bits >> 6) & 63]}${three === undefined ? '=' : ALPHABET[bits & 63]}`
  }
  return text
}
