import { DisconnectCode, reconnectsAfter } from '@wigwag/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { advised, closeReasons } from '../../src/reason/advice.ts'
import { closeReason, reasonOfCode } from '../../src/reason/close-reason.ts'

describe('a reason', () => {
  test.each(Object.entries(DisconnectCode))('%s (%i) has a row of its own that obeys the protocol', (name, code) => {
    expect(advised(reasonOfCode(code))).toMatchObject({ name, code, retryable: reconnectsAfter(code) })
  })

  test.each(closeReasons())('$name says what to do', ({ advice }) => {
    expect(advice).toMatch(/^[A-Z].*\.$/)
  })

  test('for any code there is one: retryable as the protocol has its range, but for what is too large', () => {
    const names = closeReasons().map(({ name }) => name)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70_000 }), (code) => {
        const { name, retryable } = reasonOfCode(code)
        expect(names).toContain(name)
        expect(names).toContain(advised(reasonOfCode(code)).name)
        expect(retryable).toBe(code !== 1009 && reconnectsAfter(code))
      }),
    )
  })

  test('that has a name of its own keeps it, whatever its code', () => {
    const code = DisconnectCode.shutdown
    expect(advised(closeReason('unreachable', { code }))).toMatchObject({ name: 'unreachable', code })
  })

  test('keeps what was said', () => {
    expect(reasonOfCode(4001, { text: 'moved', delayMs: 7 })).toMatchObject({
      name: 'application',
      text: 'moved',
      delayMs: 7,
    })
    expect(reasonOfCode(4501)).toMatchObject({ name: 'applicationFinal', text: 'code 4501' })
  })
})
