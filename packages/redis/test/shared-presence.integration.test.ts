import type { Session, SessionTransport } from '@wigwag/hub'
import { createHub } from '@wigwag/hub/node'
import { redis } from '@wigwag/redis'
import { hasRedis, RedisServer } from '@wigwag/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { uniquePrefix } from './support/redis-brokers.ts'

/** A session's other end: reads packets one by one, and waits for those that a test wants. */
class Client implements SessionTransport {
  readonly name = 'memory'
  readonly bufferedAmount = 0
  session: Session | undefined
  readonly #lines: string[] = []
  #told = (): void => {}

  send(packet: Parameters<SessionTransport['send']>[0]): void {
    this.#lines.push(String(typeof packet === 'string' ? packet : packet.data))
    this.#told()
  }

  close(): void {
    this.session?.closed()
  }

  ask(command: object): void {
    this.session?.receive(JSON.stringify(command))
  }

  /** The first packet that has `part` in it. */
  async packet(part: string): Promise<unknown> {
    for (;;) {
      const line = this.#lines.find((each) => each.includes(part))
      if (line !== undefined) return JSON.parse(line)
      await new Promise<void>((resolve) => {
        this.#told = resolve
      })
    }
  }
}

test.skipIf(!hasRedis)('hubs on one Redis share presence by their broker alone', async () => {
  const server = await RedisServer.start()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const prefix = uniquePrefix()
  const [one, other] = ['one', 'other'].map((user) => {
    const hub = createHub({
      broker: redis(`redis://127.0.0.1:${server.port}`, { prefix }),
      authenticate: () => ({ user }),
      namespaces: { '': { presence: true, joinLeave: true, readPresence: 'subscriber' } },
    })
    onTestFinished(() => hub.close())
    const client = new Client()
    client.session = hub.sessions.open(client)
    client.ask({ id: 1, connect: {} })
    return client
  }) as [Client, Client]
  for (const client of [one, other]) await client.packet('"id":1')

  one.ask({ id: 2, subscribe: { channel: 'hall', join_leave: true } })
  await one.packet('"join":{"info":{"client"')
  other.ask({ id: 2, subscribe: { channel: 'hall' } })
  await one.packet('"user":"other"')
  one.ask({ id: 3, presence: { channel: 'hall' } })
  const { presence } = (await one.packet('"id":3')) as { presence: { presence: Record<string, { user: string }> } }
  expect(Object.values(presence.presence).map(({ user }) => user)).toEqual(expect.arrayContaining(['one', 'other']))
})
