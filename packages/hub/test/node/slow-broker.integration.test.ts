import { createMemoryBroker } from '@wigwag/hub/node'
import { expect, test } from 'vitest'
import { openSocket, serveChannels } from '../support/served-channels.ts'

test('a WebSocket is not read while the broker owes it 64 answers; every message is published, in order', async () => {
  const memory = createMemoryBroker()
  const waiting: (() => void)[] = []
  let isSlow = true
  const broker = Object.assign(Object.create(memory) as typeof memory, {
    start: memory.start.bind(memory),
    subscribe: memory.subscribe.bind(memory),
    unsubscribe: memory.unsubscribe.bind(memory),
    history: memory.history.bind(memory),
    close: memory.close.bind(memory),
    publish: async (...asked: Parameters<typeof memory.publish>) => {
      if (isSlow) await new Promise<void>((resolve) => waiting.push(resolve))
      return memory.publish(...asked)
    },
  })
  const { url } = await serveChannels({ broker })
  const socket = await openSocket(url('/channel/a'))
  const messages = Array.from({ length: 1000 }, (_, i) => String(i))
  for (const message of messages) socket.socket.send(message)
  // One that the broker answers at once shows that this socket's are all that wait.
  while (waiting.length < 64) await new Promise((resolve) => setImmediate(resolve))
  const other = await fetch(url('/channel/b'))
  expect(other.status).toBe(204)
  expect(waiting).toHaveLength(64)
  waiting.shift()?.()
  expect(await socket.next()).toBe('0')
  while (waiting.length < 64) await new Promise((resolve) => setImmediate(resolve))
  expect(waiting).toHaveLength(64)
  isSlow = false
  for (const go of waiting.splice(0)) go()
  for (const message of messages.slice(1)) expect(await socket.next()).toBe(message)
})
