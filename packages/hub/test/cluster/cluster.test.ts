import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Cluster } from '../../src/cluster/cluster.ts'
import { decodeClusterMessage, encodeClusterMessage } from '../../src/cluster/cluster-message.ts'
import { createClusterBench, infoOf } from '../support/cluster-bench.ts'
import { settled } from '../support/session-clients.ts'

const INFO = { type: 'info' } as const
const namesOf = (cluster: Cluster): string[] => cluster.others.map(({ id }) => id).sort()

describe('hubs know of each other', () => {
  test('as soon as one comes, and no more when one goes', async () => {
    const bench = createClusterBench()
    const [a, b] = [bench.join('a'), bench.join('b')]
    await settled()
    const c = bench.join('c')
    await settled()
    expect([a, b, c].map(({ cluster }) => namesOf(cluster))).toEqual([
      ['b', 'c'],
      ['a', 'c'],
      ['a', 'b'],
    ])
    b.cluster.close()
    await settled()
    expect(namesOf(a.cluster)).toEqual(['c'])
  })

  test('one that is silent for three intervals and a second is forgotten, not before', async () => {
    const bench = createClusterBench()
    const [a, b] = [bench.join('a'), bench.join('b')]
    await bench.advance(60_000)
    expect(namesOf(a.cluster)).toEqual(['b'])
    b.kill()
    await bench.advance(6_900)
    expect(namesOf(a.cluster)).toEqual(['b'])
    await bench.advance(3_200)
    expect(namesOf(a.cluster)).toEqual([])
  })

  test('each by its own interval', async () => {
    const bench = createClusterBench()
    const [a] = [bench.join('a', { keepaliveIntervalMs: 1000 }), bench.join('b', { keepaliveIntervalMs: 20_000 })]
    await bench.advance(60_000)
    expect(namesOf(a.cluster)).toEqual(['b'])
  })

  test('while the broker is away nothing fails, and afterwards they find each other again', async () => {
    const bench = createClusterBench()
    const [a, b] = [bench.join('a'), bench.join('b')]
    await settled()
    bench.isAway = true
    await bench.advance(20_000)
    expect([namesOf(a.cluster), namesOf(b.cluster)]).toEqual([[], []])
    bench.isAway = false
    await bench.advance(3_100)
    expect([namesOf(a.cluster), namesOf(b.cluster)]).toEqual([['b'], ['a']])
  })
})

describe('a question', () => {
  test('goes to nobody where there is nobody else', async () => {
    const bench = createClusterBench()
    const { cluster } = bench.join('a')
    await settled()
    const told = bench.told.length
    expect(await cluster.ask<'info'>(INFO)).toEqual({ answers: [infoOf('a')], missing: [] })
    expect(bench.told.length).toBe(told)
  })

  test('is answered by all, the one that asks first, without waiting any longer', async () => {
    const bench = createClusterBench()
    const [a] = [bench.join('a'), bench.join('b'), bench.join('c')]
    await settled()
    const { answers, missing } = await a.cluster.ask<'info'>(INFO)
    expect(answers[0]?.id).toBe('a')
    expect(answers.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c'])
    expect(missing).toEqual([])
  })

  test('ends after its time, and says who has not answered', async () => {
    const bench = createClusterBench()
    const [a, b] = [bench.join('a', { answerTimeoutMs: 500 }), bench.join('b'), bench.join('c')]
    await settled()
    b.kill()
    const asking = a.cluster.ask<'info'>(INFO)
    let isDone = false
    const done = asking.then(() => {
      isDone = true
    })
    await bench.advance(400)
    expect(isDone).toBe(false)
    await bench.advance(100)
    await done
    const { answers, missing } = await asking
    expect(answers.map(({ id }) => id)).toEqual(['a', 'c'])
    expect(missing).toEqual([{ id: 'b', name: 'hub b' }])
  })

  test('one that goes meanwhile is not missing', async () => {
    const bench = createClusterBench()
    const [a, b] = [bench.join('a'), bench.join('b')]
    await settled()
    b.answer = () => undefined
    const asking = a.cluster.ask<'info'>(INFO)
    await settled()
    b.cluster.close()
    expect(await asking).toEqual({ answers: [infoOf('a')], missing: [] })
  })

  test('an answer that comes twice, or to a question that is over, counts once', async () => {
    const bench = createClusterBench()
    const [a, , c] = [bench.join('a'), bench.join('b'), bench.join('c')]
    await settled()
    c.kill()
    const asking = a.cluster.ask<'info'>(INFO)
    await settled()
    const answer = bench.toldAlone.find(({ message }) => message.includes('"answer"'))?.message ?? ''
    expect(answer).not.toBe('')
    a.cluster.told(answer)
    await bench.advance(1000)
    expect((await asking).answers.map(({ id }) => id)).toEqual(['a', 'b'])
    a.cluster.told(answer)
  })

  test('cannot be asked while the broker is away: that is told, not a list that looks whole', async () => {
    const bench = createClusterBench()
    const [a] = [bench.join('a'), bench.join('b')]
    await settled()
    bench.isAway = true
    await expect(a.cluster.ask<'info'>(INFO)).rejects.toThrow('away')
  })

  test('that a hub does not know is not answered', async () => {
    const bench = createClusterBench()
    const [a] = [bench.join('a'), bench.join('b')]
    await settled()
    const asking = a.cluster.ask<'channels'>({ type: 'channels' })
    await bench.advance(1000)
    expect((await asking).missing).toEqual([{ id: 'b', name: 'hub b' }])
  })
})

describe('one hub', () => {
  test('is asked alone, and answers who asked alone', async () => {
    const bench = createClusterBench()
    const [a, b, c] = [bench.join('a'), bench.join('b'), bench.join('c')]
    await settled()
    c.answer = () => {
      throw new Error('It was asked.')
    }
    const told = bench.told.length
    expect(await a.cluster.askHub<'info'>('b', INFO)).toEqual(infoOf('b'))
    expect(bench.told.length).toBe(told)
    expect(bench.toldAlone.map(({ hub }) => hub)).toEqual(['b', 'a'])
    expect([a, b].map(({ cluster }) => [cluster.has('a'), cluster.has('b'), cluster.has('x')])).toEqual([
      [true, true, false],
      [true, true, false],
    ])
  })

  test('of which the broker knows that there is none is not waited for, and what is no id is not asked', async () => {
    const bench = createClusterBench()
    const a = bench.join('a')
    expect(await a.cluster.askHub<'info'>('x', INFO)).toBeUndefined()
    expect(bench.toldAlone).toHaveLength(1)
    for (const id of ['', 'x y', 'x'.repeat(65), '{x}']) {
      expect(await a.cluster.askHub<'info'>(id, INFO)).toBeUndefined()
    }
    expect(bench.toldAlone).toHaveLength(1)
  })

  test('that was not heard of for a while, as when the broker was away, is asked all the same', async () => {
    const bench = createClusterBench()
    const [a] = [bench.join('a'), bench.join('b')]
    await settled()
    bench.isAway = true
    await bench.advance(20_000)
    bench.isAway = false
    expect(a.cluster.has('b')).toBe(false)
    expect(await a.cluster.askHub<'info'>('b', INFO)).toEqual(infoOf('b'))
  })

  test('may take its time, as long as it is asked for', async () => {
    const bench = createClusterBench()
    const [a, b] = [bench.join('a'), bench.join('b')]
    await settled()
    let answer = (): void => {}
    b.answer = () =>
      new Promise((resolve) => {
        answer = () => resolve(infoOf('late'))
      })
    const asking = a.cluster.askHub<'info'>('b', INFO, 20_000)
    await bench.advance(15_000)
    answer()
    expect(await asking).toEqual(infoOf('late'))
    const again = a.cluster.askHub<'info'>('b', INFO, 20_000)
    await bench.advance(20_100)
    expect(await again).toBeUndefined()
  })

  test.each(['says that it goes', 'falls silent'])('that %s is not waited for any longer', async (how) => {
    const bench = createClusterBench()
    bench.isVague = true
    const [a, b] = [bench.join('a'), bench.join('b')]
    await settled()
    b.answer = () => new Promise(() => {})
    const asking = a.cluster.askHub<'info'>('b', INFO, 600_000)
    await settled()
    if (how === 'falls silent') b.kill()
    else b.cluster.close()
    await bench.advance(how === 'falls silent' ? 13_000 : 100)
    expect(await asking).toBeUndefined()
    expect(a.cluster.has('b')).toBe(false)
  })

  test('answers in pieces what is long, each within the limit of a message', { timeout: 20_000 }, async () => {
    const bench = createClusterBench()
    const options = { maxMessageBytes: 16 * 1024 }
    const [a, b] = [bench.join('a', options), bench.join('b', options)]
    await settled()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(15_000), async (unit, length) => {
        const name = unit.repeat(Math.ceil(length / Math.max(1, unit.length)))
        b.answer = () => ({ ...infoOf('b'), name })
        expect((await a.cluster.askHub<'info'>('b', INFO))?.name).toBe(name)
      }),
      { numRuns: 20 },
    )
    expect(Math.max(...bench.toldAlone.map(({ message }) => Buffer.byteLength(message)))).toBeLessThan(16 * 1024)
    expect(bench.toldAlone.filter(({ message }) => message.includes('"piece"')).length).toBeGreaterThan(20)
  })

  test('of whose answer a piece is missing has not answered', async () => {
    const bench = createClusterBench()
    const [a, silent] = [bench.join('a'), bench.join('b')]
    await settled()
    silent.answer = () => undefined
    const asking = a.cluster.askHub<'info'>('b', INFO, 500)
    const { id } = JSON.parse(bench.toldAlone[0]?.message ?? '') as { id: string }
    const b = { id: 'b', name: 'b' }
    for (const index of [0, 2, 1]) {
      const piece = { type: 'piece', hub: b, to: 'a', id, index, isLast: index === 2, text: '1' } as const
      a.cluster.told(encodeClusterMessage(piece))
    }
    await bench.advance(500)
    expect(await asking).toBeUndefined()
  })
})

test('what is told and is something else, or cannot be read, is passed over', () => {
  const bench = createClusterBench()
  const { cluster } = bench.join('a')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => `{"kind":"cluster","hub":${json}}`),
        fc
          .tuple(fc.constantFrom('piece', 'answer', 'question', 'gone', 'other'), fc.json(), fc.json())
          .map(([type, one, other]) => {
            const fields = `"to":"a","id":${one},"index":${other},"isLast":${other},"text":${one},"question":${other}`
            return `{"kind":"cluster","type":"${type}","hub":{"id":"x"},${fields}}`
          }),
      ),
      (text) => {
        cluster.told(text)
        return cluster.others.length === 0
      },
    ),
  )
})

test('what is written is read', () => {
  const message = { type: 'hello', hub: { id: 'a', name: 'ž"' }, silenceMs: 1 } as const
  expect(decodeClusterMessage(encodeClusterMessage(message))).toMatchObject(message)
})

test.each(['keepaliveIntervalMs', 'answerTimeoutMs', 'maxMessageBytes', 'maxListedChannels', 'maxListedSessions'])(
  '%s is checked',
  (option) => {
    const ports = { elapsedMs: () => 0, createId: () => '', every: () => () => {} }
    expect(
      () =>
        new Cluster(
          'a',
          { [option]: -1 },
          ports,
          async () => true,
          () => undefined,
        ),
    ).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(`cluster.${option}`) }))
  },
)
