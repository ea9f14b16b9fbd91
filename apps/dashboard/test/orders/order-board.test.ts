import { Client, type Transport } from '@wigwag/client'
import { ManualClock, MemoryLine } from '@wigwag/client/testing'
import { createHub, type NodeHub } from '@wigwag/hub/node'
import { expect, onTestFinished, test } from 'vitest'
import { describeBoardNotice, describeKept } from '../../src/orders/board-notice.ts'
import { CODE_SAMPLE } from '../../src/orders/code-sample.ts'
import { OrderBoard } from '../../src/orders/order-board.ts'
import { createOrder, createRandom } from '../../src/orders/shop.ts'

/** A server of channels that boards look at, and that can be restarted: it forgets all. */
function serve(history: { size: number; ttlMs: number } = { size: 100, ttlMs: 300_000 }) {
  const clock = new ManualClock()
  const begin = (): { hub: NodeHub; line: MemoryLine } => {
    const hub = createHub({ history })
    onTestFinished(() => hub.close())
    return { hub, line: new MemoryLine(hub) }
  }
  let now = begin()
  const transport: Transport = { name: 'memory', open: (url, sink) => now.line.open(url, sink) }
  return {
    get hub() {
      return now.hub
    },
    get line() {
      return now.line
    },
    /** Time for answers to come, and for reconnects. */
    pass: async (ms = 0) => {
      for (let i = 0; i < 20; i++) await clock.advance(ms / 20)
    },
    restart: () => {
      now.line.cut()
      now = begin()
    },
    open: async () => {
      const client = new Client('http://hub.test/', {
        transports: [transport],
        environment: clock.environment(),
        offlineQueue: {},
      })
      onTestFinished(() => client.disconnect())
      const board = new OrderBoard(client)
      for (let i = 0; i < 20; i++) await clock.advance(0)
      return board
    },
  }
}

const random = createRandom(3)
const newOrder = () => createOrder(random, Math.floor(random() * 1e6))
const shown = (board: OrderBoard) => board.entries.value.map(({ order }) => `${order.id} ${order.type}`)
const said = (board: OrderBoard) => board.notice.value && describeBoardNotice(board.notice.value)
const stored = async ({ hub }: { readonly hub: NodeHub }) => {
  const { publications } = await hub.history('orders', { epoch: '', offset: 0 })
  return publications.map(({ data }) => `${(data as { id: string }).id} ${(data as { type: string }).type}`)
}

test('every page sees each step, and one that comes late sees the same', async () => {
  const server = serve()
  const [one, two] = [await server.open(), await server.open()]
  for (let i = 0; i < 3; i++) await one.publish(newOrder())
  const [first, second] = one.entries.value.map(({ order }) => order)
  if (first === undefined || second === undefined) throw new Error('There are no orders.')
  await two.step(first)
  await one.step(second)
  await server.pass()
  expect(shown(one)).toContain(`${first.id} paid`)
  expect(shown(two)).toEqual(shown(one))
  expect(shown(await server.open())).toEqual(shown(one))
  expect(one.news.value.count).toBe(5)
})

test('a step that is pressed on two pages at once is stored once', async () => {
  const server = serve()
  const [one, two] = [await server.open(), await server.open()]
  const order = newOrder()
  await one.publish(order)
  await server.pass()
  await Promise.all([one.step(order), two.step(order), one.step(order)])
  expect(await stored(server)).toEqual([`${order.id} placed`, `${order.id} paid`])
})

test('after a cut what was missed is caught up and counted, and what was pressed meanwhile is sent', async () => {
  const server = serve()
  const [one, two] = [await server.open(), await server.open()]
  const [mine, other] = [newOrder(), newOrder()]
  await one.publish(mine)
  server.line.cut()
  const pressed = one.step(mine)
  expect([...one.underWay.value]).toEqual([mine.id])
  expect(describeKept(one.kept.value)).toBe('1 change is kept for then.')
  await server.hub.publish('orders', other)
  await server.hub.publish('orders', { ...other, type: 'paid' })
  server.line.mend()
  await server.pass(5000)
  await pressed
  expect(said(two)).toMatch(/^Back\. [23] missed changes caught up\.$/)
  expect(shown(two)).toEqual(shown(one))
  expect(shown(one)).toEqual(expect.arrayContaining([`${mine.id} paid`, `${other.id} paid`]))
  expect([...one.underWay.value]).toEqual([])
  expect(describeKept(one.kept.value)).toBe('What you press is kept.')
})

test('after a restart that forgot all, pages bring back what they know, each order once, and whoever comes later has it', async () => {
  const server = serve()
  const boards = [await server.open(), await server.open(), await server.open()]
  const [one] = boards as [OrderBoard]
  for (let i = 0; i < 4; i++) await one.publish(newOrder())
  await server.pass()
  const before = shown(one)
  server.restart()
  await server.pass(5000)
  for (const board of boards) {
    expect(shown(board)).toEqual(before)
    expect(said(board)).toMatch(
      /^Back\. The server has begun anew, without its history: .* brought back (its|the) 4 orders/,
    )
  }
  expect((await stored(server)).toSorted()).toEqual(before.toSorted())
  expect(shown(await server.open())).toEqual(before)
})

test('what the history is about to forget is told again, once for all pages', async () => {
  const server = serve()
  const [one, two] = [await server.open(), await server.open()]
  const order = newOrder()
  await one.publish(order)
  for (let i = 0; i < 51; i++) await server.hub.publish('orders', { chatter: i })
  await server.pass()
  await Promise.all([one.keep(Date.now()), two.keep(Date.now())])
  const ids = await stored(server)
  expect(ids.filter((each) => each === `${order.id} placed`)).toHaveLength(2)
  await server.pass()
  await one.keep(Date.now())
  expect(await stored(server)).toHaveLength(ids.length)
})

test('a history that does not reach back is told, and so is none', async () => {
  for (const [size, words] of [
    [2, /^Back\. Not all that was missed could be had/],
    [0, /^Back\. The server keeps no history/],
  ] as const) {
    const server = serve({ size, ttlMs: 300_000 })
    const board = await server.open()
    server.line.cut()
    const orders = [newOrder(), newOrder(), newOrder()]
    for (const order of orders) await server.hub.publish('orders', order)
    server.line.mend()
    await server.pass(5000)
    expect(said(board)).toMatch(words)
    expect(board.entries.value).toHaveLength(size)
  }
})

test('the code that the page shows of itself does what the page does', async () => {
  const server = serve()
  const board = await server.open()
  const order = newOrder()
  await board.publish(order)
  const shown: unknown[] = []
  class SampleClient extends Client {
    constructor() {
      super('http://hub.test/', { transports: [{ name: 'memory', open: (url, sink) => server.line.open(url, sink) }] })
      onTestFinished(() => this.disconnect())
    }
  }
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor
  const body = CODE_SAMPLE.replace(/^import .*$/m, '')
  const { pay } = await new AsyncFunction('Client', 'show', `${body}\nreturn { pay }`)(
    SampleClient,
    (data: unknown) => {
      shown.push(data)
    },
  )
  expect(shown).toEqual([order])
  await pay(order)
  await server.pass()
  expect(shown).toEqual([order, { ...order, type: 'paid' }])
})

test('what is no order is passed over', async () => {
  const server = serve()
  const board = await server.open()
  for (const data of ['paid', { type: 'paid' }, { type: 'shipped', id: '<img src=x>' }, null]) {
    await server.hub.publish('orders', data)
  }
  await server.pass()
  expect([shown(board), board.news.value.count, board.problem.value]).toEqual([[], 0, ''])
})
