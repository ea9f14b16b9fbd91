import type { Gap } from '@wigwag/client'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { behindGap, describeNotice, isLoss, type Notice, noticeOfGap, noticeOfRecovery } from '../../src/try/notice.ts'

const gap = (reason: Gap['reason'], after: string | undefined, position: string | undefined): Gap => ({
  reason,
  after: positionOf(after),
  position: positionOf(position),
})

function positionOf(text: string | undefined): Gap['position'] {
  const [epoch = '', offset] = text?.split(':') ?? []
  return text === undefined ? undefined : { epoch, offset: Number(offset) }
}

const told = (notice: Notice): string => `${isLoss(notice) ? '!' : '-'} ${describeNotice(notice)}`
const history = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => ({ offset: from + i }))
const offsets = (found: readonly { readonly offset: number | undefined }[]) => found.map(({ offset }) => offset)

test('what was missed and came is counted, one as one and none quietly', () => {
  expect([0, 1, 1200].map((count) => told(noticeOfRecovery(count)))).toEqual([
    '- Reconnected. Nothing was missed.',
    '- 1 missed publication recovered.',
    '- 1,200 missed publications recovered.',
  ])
})

test('of a gap that history has outlived, what is left is shown and what is gone counted', () => {
  const expired = gap('history-expired', 'a:7', 'a:20')
  const found = behindGap(expired, history(11, 22))
  // What came since is told by itself.
  expect(offsets(found)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
  expect(told(noticeOfGap(expired, found.length))).toBe(
    '! 3 publications are missing: the server’s history no longer reaches back that far.',
  )
  expect(told(noticeOfGap(gap('history-expired', 'a:7', 'a:8'), 0))).toMatch(/^! 1 publication is missing/)
})

test('a restart of the server: nobody knows how much is missing, and all of the new stream is shown', () => {
  const restarted = gap('epoch-changed', 'a:7', 'b:2')
  expect(offsets(behindGap(restarted, history(1, 3)))).toEqual([1, 2])
  expect(told(noticeOfGap(restarted, 2))).toBe(
    '! History was lost, most likely because the server restarted. How many publications are missing is not known.',
  )
})

test('a channel without history, and a server that has pages begin anew', () => {
  expect(told(noticeOfGap(gap('no-history', undefined, undefined), 0))).toMatch(/^! Reconnected\. The server keeps no/)
  expect(told(noticeOfGap(gap('state-invalidated', undefined, 'a:3'), 0))).toMatch(/^! Some publications are missing/)
})

test('property: what is found, what is missing and what was known are all there is up to where the stream goes on', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.nat(100), (after, behind, oldest) => {
      const position = after + behind
      const found = behindGap(gap('history-expired', `a:${after}`, `a:${position}`), history(oldest + 1, position + 3))
      const notice = noticeOfGap(gap('history-expired', `a:${after}`, `a:${position}`), found.length)
      expect(notice).toMatchObject({ type: 'missing', count: position - after - found.length })
    }),
  )
})
