import { expect, test } from 'vitest'
import { type Flushable, FlushQueue } from '../../src/node/flush-queue.ts'

const endOfTurn = (): Promise<void> => new Promise(setImmediate)

/** A queue, and connections that are flushed by it. */
class Turn {
  readonly queue = new FlushQueue()
  readonly flushed: number[] = []
  readonly #connections = new Map<number, Flushable>()

  connection(name: number): Flushable {
    const known = this.#connections.get(name)
    if (known !== undefined) return known
    const made: Flushable = { flush: () => this.flushed.push(name) > 0 }
    this.#connections.set(name, made)
    return made
  }

  /** Reads the connection, which is sent `to`: an answer, unless others are sent something. */
  read(name: number, to: readonly number[] = [name]): void {
    this.queue.reads(this.connection(name))
    for (const each of to) this.queue.add(this.connection(each))
    this.queue.hasRead()
  }
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

test('all that is sent in one turn is flushed at its end, in order', async () => {
  const turn = new Turn()
  for (const name of numbers(0, 10)) turn.read(name)
  expect(turn.flushed).toEqual([])
  await endOfTurn()
  expect(turn.flushed).toEqual(numbers(0, 10))
  turn.read(3)
  await endOfTurn()
  expect(turn.flushed).toEqual([...numbers(0, 10), 3])
})

test('64 connections that were answered need not wait for the others of the turn', async () => {
  const turn = new Turn()
  for (const name of numbers(0, 63)) turn.read(name)
  expect(turn.flushed).toEqual([])
  turn.read(63)
  expect(turn.flushed).toEqual(numbers(0, 64))
  for (const name of numbers(64, 200)) turn.read(name)
  expect(turn.flushed).toEqual(numbers(0, 192))
  await endOfTurn()
  expect(turn.flushed).toEqual(numbers(0, 200))
})

test('not before all that came in one read is answered', () => {
  const turn = new Turn()
  for (const name of numbers(0, 63)) turn.read(name)
  turn.queue.reads(turn.connection(63))
  turn.queue.add(turn.connection(63))
  expect(turn.flushed).toEqual([])
  turn.queue.hasRead()
  expect(turn.flushed).toHaveLength(64)
})

test('what is published to many waits for the end of the turn, for what else is published in it', async () => {
  const turn = new Turn()
  turn.read(0, numbers(0, 100))
  for (const name of numbers(100, 300)) turn.read(name)
  expect(turn.flushed).toEqual([])
  await endOfTurn()
  expect(turn.flushed).toHaveLength(300)
  // Each turn is judged anew.
  for (const name of numbers(0, 64)) turn.read(name)
  expect(turn.flushed).toHaveLength(364)
})

test('nor is what nobody asked for an answer', async () => {
  const turn = new Turn()
  for (const name of numbers(0, 100)) turn.queue.add(turn.connection(name))
  turn.read(100)
  expect(turn.flushed).toEqual([])
  await endOfTurn()
  expect(turn.flushed).toHaveLength(101)
})

test('who is sent something while the others are flushed is flushed at the end of the turn', async () => {
  const turn = new Turn()
  const flushed: string[] = []
  const late: Flushable = { flush: () => flushed.push('late') > 0 }
  const sender: Flushable = {
    flush: () => {
      turn.queue.add(late)
      return flushed.push('sender') > 0
    },
  }
  for (const name of numbers(0, 63)) turn.read(name)
  turn.queue.reads(sender)
  turn.queue.add(sender)
  turn.queue.hasRead()
  expect(flushed).toEqual(['sender'])
  await endOfTurn()
  expect(flushed).toEqual(['sender', 'late'])
})

test('what is sent when all that was read has been told is no answer', async () => {
  const turn = new Turn()
  for (const name of numbers(0, 64)) {
    turn.read(name, [])
    turn.queue.add(turn.connection(name))
  }
  turn.read(64)
  expect(turn.flushed).toEqual([])
  await endOfTurn()
  expect(turn.flushed).toHaveLength(65)
})

test('what fails to be flushed is not told to whoever was read, and the end of the turn tells it', async () => {
  const turn = new Turn()
  const failing: Flushable = {
    flush: () => {
      throw new Error('of another')
    },
  }
  turn.queue.reads(failing)
  turn.queue.add(failing)
  turn.queue.hasRead()
  for (const name of numbers(1, 64)) turn.read(name)
  expect(turn.flushed).toEqual(numbers(1, 64))
  expect(await uncaught()).toEqual(new Error('of another'))
})

/** The next exception that nobody caught, which the test runner is not told of. */
function uncaught(): Promise<unknown> {
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  return new Promise((resolve) => {
    process.once('uncaughtException', (error) => {
      for (const listener of listeners) process.on('uncaughtException', listener)
      resolve(error)
    })
  })
}
