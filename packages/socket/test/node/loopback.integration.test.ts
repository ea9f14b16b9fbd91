import { once } from 'node:events'
import { createServer } from 'node:net'
import { hostPolicyOf, isLoopbackAddress } from '@wigwag/socket'
import { expect, onTestFinished, test } from 'vitest'

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::ffff:127.0.0.1', true],
  ['::1', true],
  ['localhost', true],
  ['127.evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['10.0.0.1', false],
  ['0.0.0.0', false],
  ['::', false],
])('%s belongs to this machine: %s', (address, expected) => {
  expect(isLoopbackAddress(address)).toBe(expected)
})

test('the Host policy follows a server that listens, closes and listens elsewhere', async () => {
  const server = createServer()
  onTestFinished(() => void server.close())
  const listen = async (host: string): Promise<void> => {
    server.listen(0, host)
    await once(server, 'listening')
  }
  expect(hostPolicyOf(server, undefined)).toBe('any')
  await listen('0.0.0.0')
  expect(hostPolicyOf(server, undefined)).toBe('any')
  server.close()
  await listen('127.0.0.1')
  for (const _again of [1, 2]) expect(hostPolicyOf(server, undefined)).toContain('localhost')
  server.close()
  await listen('0.0.0.0')
  expect(hostPolicyOf(server, undefined)).toBe('any')
})
