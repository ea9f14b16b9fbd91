import { decodeCloseReason, encodeCloseReason } from '@wigwag/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

describe('the reason of a Close frame', () => {
  test('is the reason itself, or JSON as clients of Centrifuge read it', () => {
    expect(encodeCloseReason({ code: 3001, reason: 'shutdown' })).toBe('shutdown')
    const advice = encodeCloseReason({ code: 3001, reason: 'shutdown', delayMs: 1200 })
    expect(JSON.parse(advice)).toEqual({ reason: 'shutdown', reconnect: true, delay_ms: 1200 })
    expect(JSON.parse(encodeCloseReason({ code: 3503, reason: 'no', delayMs: 0 }))).toMatchObject({ reconnect: false })
  })

  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3000, max: 4999 }), fc.string(), fc.nat(), (code, reason, delayMs) => {
        const disconnect = { code, reason, delayMs }
        expect(decodeCloseReason(code, encodeCloseReason(disconnect))).toEqual(disconnect)
      }),
    )
  })

  test('of somebody else is taken as it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const { code, reason, delayMs } = decodeCloseReason(1000, text)
        expect(code).toBe(1000)
        expect(typeof reason).toBe('string')
        expect(delayMs === undefined || delayMs >= 0).toBe(true)
      }),
    )
    for (const text of ['', 'null', '7', '[]', '{}', '{"reason":7}', '{"reason":']) {
      expect(decodeCloseReason(1001, text)).toEqual({ code: 1001, reason: text })
    }
    expect(decodeCloseReason(3001, '{"reason":"x","delay_ms":-1}')).toEqual({ code: 3001, reason: 'x' })
    expect(decodeCloseReason(3001, '{"reason":"x","delay_ms":"1"}')).toEqual({ code: 3001, reason: 'x' })
  })
})
