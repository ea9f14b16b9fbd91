import { frameBytes } from '@wigwag/socket/testing'
import { expect, test } from 'vitest'
import { deflated } from '../cases/deflated.ts'
import { Inbox } from './inbox.ts'

/** What the judge has against these bytes of a server. */
function faultsOf(bytes: Uint8Array, compression?: Inbox['compression']): string[] {
  const inbox = new Inbox('server', () => {})
  inbox.compression = compression
  inbox.receive(Buffer.from('HTTP/1.1 101 OK\r\n\r\n'))
  inbox.receive(bytes)
  inbox.end()
  return inbox.faults
}

test('a compressed message that reaches further back than the window is a fault, though a larger one would do', () => {
  // What is repeated lies 2000 bytes back; what is between has nothing to refer to.
  const between = Array.from({ length: 400 }, (_, i) =>
    ((i * 7919 + 12_345) % 99_991).toString(36).padStart(5, '-'),
  ).join('')
  const payload = deflated(`${'repeated as it was before'}${between}${'repeated as it was before'}`, '', 15)
  const bytes = frameBytes({ opcode: 1, rsv: 4, payload })
  expect(faultsOf(bytes, { takeover: true, windowBits: 12 })).toEqual([])
  expect(faultsOf(bytes, { takeover: true, windowBits: 9 })).toEqual([expect.stringContaining('too far back')])
})

test.each([
  ['a masked frame', { opcode: 1, payload: 'a', mask: [1, 2, 3, 4] }],
  ['reserved bits', { opcode: 1, rsv: 2 }],
  ['a reserved opcode', { opcode: 3 }],
  ['a length in a long form', { opcode: 2, payload: 'a', lengthForm: 16 }],
  ['a control frame in fragments', { opcode: 9, fin: false }],
  ['a continuation of nothing', { opcode: 0 }],
  ['text that is not UTF-8', { opcode: 1, payload: Uint8Array.of(0xff) }],
  ['a Close frame of one byte', { opcode: 8, payload: 'a' }],
  ['a close code that must not be sent', { opcode: 8, payload: Uint8Array.of(0x03, 0xee) }],
] as const)('%s is a fault wherever it comes', (_what, spec) => {
  expect(faultsOf(frameBytes(spec))).toHaveLength(1)
})
