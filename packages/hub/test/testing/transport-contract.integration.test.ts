import {
  ContractBreach,
  type TransportFactory,
  type TransportReader,
  type TransportSubject,
  transportContract,
} from '@wigwag/hub/testing'
import { WIRE_TRANSPORTS, type WireTransport } from '@wigwag/testkit'
import { expect, test } from 'vitest'
import { servedTransport } from '../support/served-transport.ts'

const SSE = WIRE_TRANSPORTS.find(({ carrier }) => carrier === 'sse') as WireTransport
const create = servedTransport(SSE)

type Told = TransportReader['told']
type Fault = (subject: TransportSubject) => Partial<TransportSubject>

/** A transport whose readers are told something else. */
const telling =
  (change: (told: Told, channel: string) => Told): Fault =>
  (subject) => ({
    open: async (channel, after) => changed(await subject.open(channel, after), (told) => change(told, channel)),
  })

/** A reader of which something is otherwise. */
function changed(
  reader: TransportReader,
  change: (told: Told) => Told,
  more: Partial<TransportReader> = {},
): TransportReader {
  return {
    get told() {
      return change(reader.told)
    },
    get position() {
      return reader.position
    },
    get end() {
      return reader.end
    },
    changed: () => reader.changed(),
    stall: () => reader.stall(),
    goOn: () => reader.goOn(),
    cut: () => reader.cut(),
    ...more,
  }
}

/** A transport whose readers say that they stand so much further. */
const standing =
  (further: number): Fault =>
  (subject) => ({
    open: async (channel, after) => {
      const reader = await subject.open(channel, after)
      const { told, position, ...rest } = changed(reader, (each) => each)
      return {
        ...rest,
        get told() {
          return reader.told
        },
        get end() {
          return reader.end
        },
        get position() {
          const { epoch, offset } = reader.position ?? {}
          return epoch === undefined || offset === undefined
            ? undefined
            : { epoch, offset: Math.max(0, offset + further) }
        },
      }
    },
  })

const publications = (told: Told): Told => told.filter(({ kind }) => kind === 'publication')

/** What is wrong with a transport, words of the case that finds it out, and how it is wrong. */
const FAULTS: readonly (readonly [string, string, Fault])[] = [
  [
    'drops one publication',
    'once and in order, with the positions',
    telling((told) => told.filter((each) => each !== publications(told)[2])),
  ],
  [
    'drops what comes first',
    'once and in order, with the positions',
    telling((told) => told.filter((each) => each !== publications(told)[0])),
  ],
  [
    'drops one of many',
    'at once is told in the order',
    telling((told) => {
      const all = publications(told)
      return all.length < 100 ? told : told.filter((each) => each !== all[60])
    }),
  ],
  [
    'tells everything twice',
    'once and in order, with the positions',
    telling((told) => told.flatMap((each) => [each, each])),
  ],
  [
    'tells the last again',
    'once and in order, with the positions',
    telling((told) => [...told, ...publications(told).slice(-1)]),
  ],
  [
    'tells in pairs, the second first',
    'once and in order, with the positions',
    telling((told) => told.map((each, i) => (i % 2 === 0 ? (told[i + 1] ?? each) : (told[i - 1] ?? each)))),
  ],
  [
    'tells the newest first',
    'once and in order, with the positions',
    telling((told) => {
      const all = [...publications(told)].reverse()
      return told.map((each) => (each.kind === 'publication' ? (all.shift() ?? each) : each))
    }),
  ],
  ['forgets the gap', 'does not hold any more is a gap', telling((told) => told.filter(({ kind }) => kind !== 'gap'))],
  [
    'tells the gap behind what follows it',
    'does not hold any more is a gap',
    telling((told) => told.toSorted((one, other) => Number(one.kind === 'gap') - Number(other.kind === 'gap'))),
  ],
  [
    'tells each gap twice',
    'does not hold any more is a gap',
    telling((told) => told.flatMap((each): Told => (each.kind === 'gap' ? [each, each] : [each]))),
  ],
  [
    'says that a stream was lost whatever the gap is',
    'does not hold any more is a gap',
    telling((told) => told.map((each) => (each.kind === 'gap' ? { ...each, reason: 'epoch-changed' } : each))),
  ],
  [
    'tells of gaps that there are not',
    'just still holds is no gap',
    telling((told) => (told.some(({ kind }) => kind === 'gap') ? told : [{ kind: 'gap', reason: 'untold' }, ...told])),
  ],
  [
    'takes no notice of the position',
    'who comes with a position',
    (subject) => ({ open: (channel) => subject.open(channel) }),
  ],
  [
    'begins one too early',
    'who comes with a position',
    (subject) => ({
      open: (channel, after) => subject.open(channel, after && { ...after, offset: Math.max(0, after.offset - 1) }),
    }),
  ],
  [
    'begins one too late',
    'who comes with a position',
    (subject) => ({ open: (channel, after) => subject.open(channel, after && { ...after, offset: after.offset + 1 }) }),
  ],
  [
    'begins with what is held when nobody asks for it',
    'leaves nothing behind',
    (subject) => {
      let first: { readonly epoch: string; readonly offset: number } | undefined
      return {
        publish: async (channel, data) => {
          const position = await subject.publish(channel, data)
          first ??= position
          return position
        },
        open: (channel, after) => subject.open(channel, after ?? (first && { ...first, offset: 0 })),
      }
    },
  ],
  ['says a position that is behind', 'cut off again and again', standing(-1)],
  ['says a position that is ahead', 'cut off again and again', standing(1)],
  [
    'gives publications positions of another stream',
    'once and in order, with the positions',
    telling((told) =>
      told.map((each) =>
        each.kind === 'publication' && each.position !== undefined
          ? { ...each, position: { ...each.position, epoch: 'other' } }
          : each,
      ),
    ),
  ],
  [
    'gives publications no position',
    'once and in order, with the positions',
    telling((told) => told.map((each) => ({ ...each, position: undefined }))),
  ],
  [
    'takes one channel for all',
    'told nothing of another',
    (subject) => ({ open: (_channel, after) => subject.open('a', after) }),
  ],
  [
    'turns bytes into text',
    'data are told as they are',
    telling((told) =>
      told.map((each) =>
        each.kind === 'publication' && typeof each.data !== 'string' ? { ...each, data: String(each.data) } : each,
      ),
    ),
  ],
  [
    'loses ends of lines',
    'data are told as they are',
    telling((told) =>
      told.map((each) =>
        each.kind === 'publication' && typeof each.data === 'string'
          ? { ...each, data: each.data.replaceAll('\n', ' ') }
          : each,
      ),
    ),
  ],
  [
    'takes an empty text for nothing',
    'data are told as they are',
    telling((told) => told.filter((each) => each.kind !== 'publication' || each.data !== '')),
  ],
  ['keeps everything for a reader that stalls', 'a reader that stalls', () => ({ slowReaders: () => 0 })],
  [
    'throws away what a slow reader has not read, and says nothing of it',
    'a reader that stalls',
    (subject) => ({
      open: async (channel, after) => {
        const reader = await subject.open(channel, after)
        let hidden: number | undefined
        return changed(reader, (told) => (hidden === undefined ? told : told.filter((_, i) => i !== hidden)), {
          goOn: () => {
            hidden = reader.told.length + 2
            reader.goOn()
          },
        })
      },
    }),
  ],
  ['is silent', 'a silent connection', telling((told) => told.filter(({ kind }) => kind !== 'keepalive'))],
  [
    'ends a silent connection',
    'a silent connection',
    (subject) => ({
      open: async (channel, after) => {
        const reader = await subject.open(channel, after)
        const { end, ...rest } = changed(reader, (told) => told)
        const isOver = (): boolean => reader.told.some(({ kind }) => kind === 'keepalive')
        return {
          ...rest,
          get told() {
            return reader.told
          },
          get position() {
            return reader.position
          },
          get end() {
            return isOver() ? {} : reader.end
          },
        }
      },
    }),
  ],
  ['leaves whoever is there when it drains', 'a drain ends', () => ({ drain: async () => {} })],
  [
    'lets people in while it drains',
    'a drain ends',
    (subject) => {
      let hasDrained = false
      return {
        drain: async () => {
          await subject.drain()
          hasDrained = true
        },
        open: (channel, after) => {
          if (!hasDrained) return subject.open(channel, after)
          const told: Told = [{ kind: 'publication', data: 'late', position: after }]
          const late = { told, position: after, end: {}, changed: async () => {} }
          return Promise.resolve({ ...late, stall: () => {}, goOn: () => {}, cut: () => {} })
        },
      }
    },
  ],
  [
    'keeps who has left',
    'leaves nothing behind',
    (subject) => {
      let most = 0
      return {
        subscriptions: () => {
          most = Math.max(most, subject.subscriptions())
          return most
        },
      }
    },
  ],
]

/** Where something is taken away that is waited for, it is found out by waiting no longer, in milliseconds. */
const PATIENCE_MS = 1500
const IMPATIENT = 'it never came'

/** How a transport breaks a case; nothing when it keeps it. What else goes wrong is thrown. */
async function breachOf(factory: TransportFactory, words: string, mayHang: boolean): Promise<string | undefined> {
  const [only, ...others] = transportContract.filter(({ name }) => name.includes(words))
  if (only === undefined || others.length > 0) throw new Error(`There is not one case about ${words}.`)
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<string>((resolve) => {
    if (mayHang) timer = setTimeout(() => resolve(IMPATIENT), PATIENCE_MS)
  })
  try {
    return await Promise.race([only.run(factory).then(() => undefined), patience])
  } catch (error) {
    if (!(error instanceof ContractBreach)) throw error
    return error.message
  } finally {
    clearTimeout(timer)
  }
}

/** Those that take something away which is waited for. */
const MAY_HANG = [
  'takes no notice of the position',
  'is silent',
  'leaves whoever is there when it drains',
  'keeps who has left',
]

test.each(FAULTS)('a transport that %s breaks the promise that %s', async (what, words, fault) => {
  const faulty: TransportFactory = async (options) => {
    const subject = await create(options)
    return { ...subject, ...fault(subject) }
  }
  expect(await breachOf(faulty, words, MAY_HANG.includes(what))).toBeDefined()
})
