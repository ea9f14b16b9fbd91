import { describe, expect, test } from 'vitest'
import {
  DisconnectCode,
  decodePackets,
  ErrorCode,
  encodePacket,
  isTemporary,
  reconnectsAfter,
  resubscribesAfter,
  UnsubscribeCode,
} from '../src/index.ts'

describe('codes say what a client does next', () => {
  test('after which disconnects it comes back', () => {
    const back = Object.entries(DisconnectCode).filter(([, code]) => reconnectsAfter(code))
    expect(back.map(([name]) => name)).toEqual([
      'connectionClosed',
      'shutdown',
      'internal',
      'expired',
      'subscriptionExpired',
      'slow',
      'writeError',
      'insufficientState',
      'forceReconnect',
      'noPong',
      'tooManyRequests',
      'stateInvalidated',
    ])
  })

  test('the ranges, at their edges', () => {
    const codes = [1000, 1006, 3000, 3499, 3500, 3999, 4000, 4499, 4500, 4999, 5000]
    expect(codes.filter(reconnectsAfter)).toEqual([1000, 1006, 3000, 3499, 4000, 4499, 5000])
  })

  test('every code is one that a browser may close with', () => {
    for (const code of Object.values(DisconnectCode)) expect(code >= 3000 && code < 4000, String(code)).toBe(true)
  })

  test('after which it subscribes again', () => {
    const again = Object.entries(UnsubscribeCode).filter(([, code]) => resubscribesAfter(code))
    expect(again.map(([name]) => name)).toEqual(['insufficientState', 'expired', 'stateInvalidated'])
  })

  test('which errors pass', () => {
    expect(Object.values(ErrorCode).filter(isTemporary)).toEqual([ErrorCode.internal, ErrorCode.tooManyRequests])
    expect(isTemporary(99)).toBe(true)
  })
})

describe('packets of the hub', () => {
  test('are read as they were written, empty lines apart', () => {
    const reply = { id: 1, subscribe: { recovered: true, epoch: 'e', offset: 3 } } as const
    const push = { push: { channel: 'a', pub: { data: 'x\ny', offset: 4 } } } as const
    expect(decodePackets(`${encodePacket(reply)}\n\n${encodePacket(push)}\n{}\n`)).toEqual([reply, push, {}])
  })

  test('what is no JSON is none', () => {
    expect(decodePackets('{}\n{')).toBeUndefined()
  })
})
