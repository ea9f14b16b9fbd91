import { expect, test } from 'vitest'
import { describeNotice, isLoss, type Recovery, receiveLine, resumeRecovery, startRecovery } from '../src/recovery.ts'
import { parseStreamLine } from '../src/stream-line.ts'

/** What the page tells, in its own words, when the server sends these lines. */
function hear(recovery: Recovery, ...lines: object[]): { readonly recovery: Recovery; readonly told: string[] } {
  const told: string[] = []
  let now = recovery
  for (const line of lines) {
    const parsed = parseStreamLine(JSON.stringify(line))
    if (!parsed.ok) throw new Error(parsed.problem)
    const result = receiveLine(now, parsed.line)
    now = result.recovery
    for (const one of result.told) {
      if (one.type === 'notice') told.push(`${isLoss(one.notice) ? '!' : '-'} ${describeNotice(one.notice)}`)
      else
        told.push(
          `${one.publication.data.type === 'text' && one.publication.data.text}${one.recovered ? ' (recovered)' : ''}`,
        )
    }
  }
  return { recovery: now, told }
}

const publication = (offset: number, epoch = 'a') => ({ offset, epoch, time: 1_790_000_000_000, data: `p${offset}` })
const live = (position: string | undefined, recovered = 0) => ({ live: { position, recovered } })
const gap = (reason: string, after: string, position: string) => ({ gap: { reason, after, position } })

/** Live on a stream that stands at `a:7`; then the line was cut and a new WebSocket opened. */
const reconnected = (): Recovery => resumeRecovery(hear(startRecovery(), live('a:6'), publication(7)).recovery)

test('the first WebSocket has nothing to tell but publications', () => {
  expect(hear(resumeRecovery(startRecovery()), live('a:0'), publication(1)).told).toEqual(['p1'])
})

test('the position comes from the last publication, or from the live line when there was none', () => {
  expect(hear(startRecovery(), live('a:0')).recovery.position).toEqual({ epoch: 'a', offset: 0 })
  expect(reconnected().position).toEqual({ epoch: 'a', offset: 7 })
})

test('after a cut, missed publications are marked and counted', () => {
  const { told, recovery } = hear(reconnected(), publication(8), publication(9), live('a:9', 2), publication(10))
  expect(told).toEqual(['p8 (recovered)', 'p9 (recovered)', '- 2 missed publications recovered.', 'p10'])
  expect(recovery.position).toEqual({ epoch: 'a', offset: 10 })
})

test('one is counted as one', () => {
  expect(hear(reconnected(), publication(8), live('a:8', 1)).told[1]).toBe('- 1 missed publication recovered.')
})

test('nothing missed is said quietly', () => {
  expect(hear(reconnected(), live('a:7')).told).toEqual(['- Reconnected. Nothing was missed.'])
})

test('a restart of the server says that history was lost and that nobody knows how much', () => {
  expect(hear(reconnected(), gap('epoch-changed', 'a:7', 'b:0'), live('b:0')).told).toEqual([
    '! History was lost, most likely because the server restarted. How many publications are missing is not known.',
  ])
})

test('what the new stream already holds is recovered after the loss', () => {
  const lines = [gap('epoch-changed', 'a:7', 'b:1'), publication(1, 'b'), live('b:1', 1), publication(2, 'b')]
  const { told, recovery } = hear(reconnected(), ...lines)
  expect(told).toEqual([
    expect.stringContaining('! History was lost'),
    'p1 (recovered)',
    '- 1 later publication recovered.',
    'p2',
  ])
  expect(recovery.position).toEqual({ epoch: 'b', offset: 2 })
})

test('an expired history says how many are missing', () => {
  const lines = [gap('history-expired', 'a:7', 'a:15'), publication(14), publication(15), live('a:15', 2)]
  expect(hear(reconnected(), ...lines).told).toEqual([
    '! 6 publications are missing: the server’s history no longer reaches back that far.',
    'p14 (recovered)',
    'p15 (recovered)',
    '- 2 later publications recovered.',
  ])
})

test('an expired history that holds nothing any more counts up to the live position', () => {
  expect(hear(reconnected(), gap('history-expired', 'a:7', 'a:8'), live('a:8')).told).toEqual([
    '! 1 publication is missing: the server’s history no longer reaches back that far.',
  ])
})

test('a gap of a live subscription is told before what follows it', () => {
  const { recovery } = hear(startRecovery(), live('a:7'))
  expect(hear(recovery, gap('slow-consumer', 'a:7', 'a:9'), publication(10)).told).toEqual([
    '! 2 publications are missing: the server says “slow-consumer”.',
    'p10',
  ])
})

test('a channel without history cannot recover, and says so', () => {
  const { recovery } = hear(startRecovery(), live(undefined), { time: 1, data: 'x' })
  expect(recovery.position).toBeUndefined()
  expect(hear(resumeRecovery(recovery), live(undefined)).told).toEqual([
    expect.stringContaining('! Reconnected. The server keeps no'),
  ])
})

test('a cut before a gap was told asks again from before the gap', () => {
  const { recovery } = hear(reconnected(), gap('history-expired', 'a:7', 'a:15'))
  expect(resumeRecovery(recovery).position).toEqual({ epoch: 'a', offset: 7 })
})
