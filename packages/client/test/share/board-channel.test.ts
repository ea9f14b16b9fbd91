import type { CommandPacket, PublicationPacket, SubscribeResult } from '@wigwag/protocol'
import { expect, test } from 'vitest'
import { resolveShareLimits } from '../../src/share/share-limits.ts'
import { Switchboard } from '../../src/share/switchboard.ts'
import type { TabEnd } from '../../src/share/tab-port.ts'
import type { TransportSink } from '../../src/transport/transport.ts'

/** A tab by hand: what it is told, packet by packet. */
interface HandTab {
  readonly told: unknown[]
  say(packet: CommandPacket): void
}

/** A switchboard whose hub is played by the test: it sees every command, and answers when it likes. */
class HandHub {
  readonly commands: CommandPacket[] = []
  readonly board: Switchboard
  #sink: TransportSink | undefined

  constructor() {
    this.board = new Switchboard({
      url: new URL('http://hub.test/'),
      transports: [
        {
          name: 'hand',
          open: (_url, sink) => {
            this.#sink = sink
            queueMicrotask(() => this.#take(sink.greeting()))
            return { send: (text) => this.#take(text), close: () => {} }
          },
        },
      ],
      connectTimeoutMs: 10_000,
      moveUpDelayMs: 60_000,
      // So that what was before the last is asked of the hub.
      limits: resolveShareLimits({ maxRecentPublications: 1 }),
      nowMs: () => 0,
      after: () => () => {},
      random: () => 0,
    })
  }

  async openTab(): Promise<HandTab> {
    const told: unknown[] = []
    const end: TabEnd = this.board.attach((message) => {
      if (message.type === 'closed') told.push(message)
      else if (message.type === 'text')
        told.push(...message.text.split('\n').map((line) => JSON.parse(line) as unknown))
    })
    const say = (packet: CommandPacket): void => end.receive({ type: 'send', text: JSON.stringify(packet) })
    say({ id: 1, connect: {} })
    await settled()
    if (this.commands.some((command) => 'connect' in command))
      await this.answer({ connect: { client: 'c', version: '' } })
    told.length = 0
    return { told, say }
  }

  /** Answers the last command. */
  async answer(result: object): Promise<void> {
    await this.say({ id: this.commands.at(-1)?.id, ...result })
  }

  async publish(offset: number): Promise<void> {
    await this.say({ push: { channel: 'a', pub: publication(offset) } })
  }

  async say(packet: object): Promise<void> {
    this.commands.length = 0
    this.#sink?.received(JSON.stringify(packet))
    await settled()
  }

  #take(text: string): void {
    this.commands.push(...text.split('\n').map((line) => JSON.parse(line) as CommandPacket))
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function publication(offset: number): PublicationPacket {
  return { data: offset, offset }
}

function pushed(offset: number): object {
  return { push: { channel: 'a', pub: publication(offset) } }
}

const LEFT = { push: { channel: 'a', unsubscribe: { code: 2500, reason: 'insufficient state' } } }

/** One tab that has had everything up to offset 7, and another that comes from offset 3; what the hub was asked for it. */
async function withLatecomer() {
  const hub = new HandHub()
  const present = await hub.openTab()
  const late = await hub.openTab()
  present.say({ id: 2, subscribe: { channel: 'a' } })
  await settled()
  await hub.answer({ subscribe: { recoverable: true, epoch: 'e', offset: 5 } })
  await hub.publish(6)
  await hub.publish(7)
  present.told.length = 0
  late.say({ id: 2, subscribe: { channel: 'a', recover: true, epoch: 'e', offset: 3 } })
  await settled()
  expect(hub.commands).toMatchObject([
    { unsubscribe: { channel: 'a' } },
    { subscribe: { channel: 'a', recover: true, epoch: 'e', offset: 3 } },
  ])
  return { hub, present, late }
}

test('while the hub is asked anew for one tab, the others are given what came meanwhile, and nothing twice', async () => {
  const { hub, present, late } = await withLatecomer()
  const subscribe: SubscribeResult = {
    recoverable: true,
    epoch: 'e',
    offset: 3,
    was_recovering: true,
    recovered: true,
    publications: [4, 5, 6, 7, 8].map(publication),
  }
  await hub.answer({ subscribe })
  await hub.publish(9)
  expect(present.told).toEqual([pushed(8), pushed(9)])
  expect(late.told).toEqual([{ id: 2, subscribe }, pushed(9)])
})

test('where the hub cannot say what came meanwhile, the others come back from their own places', async () => {
  const { hub, present, late } = await withLatecomer()
  const subscribe: SubscribeResult = {
    recoverable: true,
    epoch: 'e',
    offset: 8,
    was_recovering: true,
    recovered: false,
  }
  await hub.answer({ subscribe })
  expect(present.told).toEqual([LEFT])
  expect(late.told).toEqual([{ id: 2, subscribe }])
  await hub.publish(9)
  expect(present.told).toEqual([LEFT])
})

test('where nothing came meanwhile, the others stay though the latecomer has not recovered', async () => {
  const { hub, present, late } = await withLatecomer()
  const subscribe: SubscribeResult = {
    recoverable: true,
    epoch: 'e',
    offset: 7,
    was_recovering: true,
    recovered: false,
  }
  await hub.answer({ subscribe })
  await hub.publish(8)
  expect(present.told).toEqual([pushed(8)])
  expect(late.told).toEqual([{ id: 2, subscribe }, pushed(8)])
})

test('a stream that has begun anew is told to all', async () => {
  const { hub, present } = await withLatecomer()
  await hub.answer({ subscribe: { recoverable: true, epoch: 'f', offset: 1, was_recovering: true, recovered: false } })
  expect(present.told).toEqual([LEFT])
})

test('when the hub refuses the latecomer, the others come back, because they are not subscribed either', async () => {
  const { hub, present, late } = await withLatecomer()
  const error = { code: 103, message: 'permission denied' }
  await hub.answer({ error })
  expect(late.told).toEqual([{ id: 2, error }])
  expect(present.told).toEqual([LEFT])
  present.say({ id: 3, subscribe: { channel: 'a', recover: true, epoch: 'e', offset: 7 } })
  await settled()
  expect(hub.commands).toMatchObject([{ subscribe: { channel: 'a', recover: true, epoch: 'e', offset: 7 } }])
})

test('commands of all tabs together stay below what hubs take at once, and each is answered', async () => {
  const hub = new HandHub()
  const tabs = [await hub.openTab(), await hub.openTab()]
  for (const tab of tabs) for (let id = 2; id < 202; id++) tab.say({ id, rpc: { method: 'm', data: id } })
  await settled()
  const seen: CommandPacket[] = []
  for (let command = hub.commands.shift(); command !== undefined; command = hub.commands.shift()) {
    seen.push(command)
    const left = [...hub.commands]
    expect(left.length).toBeLessThan(256)
    await hub.say({ id: command.id, rpc: { data: 'rpc' in command ? command.rpc.data : undefined } })
    hub.commands.unshift(...left)
  }
  expect(seen).toHaveLength(400)
  for (const { told } of tabs)
    expect(told).toEqual(seen.slice(0, 200).map((_, n) => ({ id: n + 2, rpc: { data: n + 2 } })))
})
