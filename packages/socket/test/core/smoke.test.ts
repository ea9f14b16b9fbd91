import { ConnectionPair, frameBytes, openConnection, TEST_MASK } from '@wigwag/socket/testing'
import { expect, test } from 'vitest'

test('pair', () => {
  const pair = new ConnectionPair()
  pair.client.connection.send('héllo')
  pair.client.connection.send(new Uint8Array([1, 2, 3]))
  pair.server.connection.send('x'.repeat(70000))
  pair.settle()
  expect(pair.server.sink.messages).toEqual(['héllo', new Uint8Array([1, 2, 3])])
  expect(pair.client.sink.messages).toEqual(['x'.repeat(70000)])
  pair.client.connection.close(1000, 'bye')
  pair.settle()
  expect(pair.server.sink.outcome).toEqual({ code: 1000, reason: 'bye', clean: true, error: undefined })
  expect(pair.client.sink.outcome).toEqual({ code: 1000, reason: '', clean: true, error: undefined })
  const s = openConnection('server')
  s.connection.receive(frameBytes({ opcode: 1, payload: 'Hello', mask: TEST_MASK }), 0)
  expect(s.sink.messages).toEqual(['Hello'])
})
