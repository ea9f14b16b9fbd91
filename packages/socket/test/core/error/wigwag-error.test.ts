import { ProtocolError, TransportError, UsageError, WigwagError } from '@wigwag/socket/core'
import { expect, test } from 'vitest'

test.each([
  ['the peer', new ProtocolError('ERR_FRAME_LENGTH', 'Why', 1002), ProtocolError, 'ProtocolError'],
  ['the caller', new UsageError('ERR_OPTION', 'Why'), UsageError, 'UsageError'],
  ['the network', new TransportError('ERR_TRANSPORT', 'Why'), TransportError, 'TransportError'],
] as const)('an error by fault of %s says so by its class and its name', (_who, error, kind, name) => {
  expect(error).toBeInstanceOf(kind)
  expect(error).toBeInstanceOf(WigwagError)
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name, message: 'Why' })
  expect(error.stack).toContain(name)
})

test('a protocol error carries the code that the wire hears', () => {
  expect(new ProtocolError('ERR_MESSAGE_TOO_LARGE', 'Why', 1009)).toMatchObject({
    code: 'ERR_MESSAGE_TOO_LARGE',
    closeCode: 1009,
  })
})

test('a protocol error carries what was at fault, where there is such a thing', () => {
  const [opcode, header] = [{ received: 3 }, { header: 'upgrade' }]
  expect(new ProtocolError('ERR_FRAME_RESERVED_OPCODE', 'Why', 1002, opcode)).toMatchObject(opcode)
  expect(new ProtocolError('ERR_HANDSHAKE_RESPONSE', 'Why', 1006, header)).toMatchObject(header)
  expect(new ProtocolError('ERR_MESSAGE_UTF8', 'Why', 1007)).toMatchObject({ received: undefined, header: undefined })
})

test('an error keeps its cause', () => {
  const cause = new Error('ECONNRESET')
  expect(new TransportError('ERR_TRANSPORT', 'Lost', { cause }).cause).toBe(cause)
})
