import { Client, type ClientOptions, type Transport } from '@wigwag/client'
import { onTestFinished } from 'vitest'
import { type OpenPort, PortLine } from '../../src/share/port-line.ts'
import { resolveShareLimits, type ShareLimits } from '../../src/share/share-limits.ts'
import { Switchboard } from '../../src/share/switchboard.ts'
import type { BoardMessage, TabEnd } from '../../src/share/tab-port.ts'
import type { MemoryBench } from './memory-bench.ts'

/** A tab of a browser, on a switchboard in memory. It may sleep, and die. */
export interface Tab {
  readonly client: Client
  /** It hears nothing, and says nothing, until it wakes. */
  sleep(): void
  wake(): void
  /** It is gone in the midst of things; what it holds is let go of by the browser. */
  die(): void
}

/** A switchboard to a hub in memory, and tabs. */
export function createSwitchboard(
  { clock, line }: MemoryBench,
  limits: ShareLimits = {},
  transports: readonly Transport[] = [line],
): Switchboard {
  const { nowMs, after, random } = clock.environment()
  return new Switchboard({
    url: new URL('http://hub.test/'),
    transports,
    connectTimeoutMs: 10_000,
    moveUpDelayMs: 60_000,
    limits: resolveShareLimits(limits),
    nowMs,
    after,
    random,
  })
}

/** Opens a tab. */
export function openTab(bench: MemoryBench, board: Switchboard, options: ClientOptions = {}): Tab {
  let isAsleep = false
  let isDead = false
  const ends = new Set<TabEnd>()
  const later: (() => void)[] = []
  /** What is to happen in the tab, or from it. */
  const soon = (run: () => void): void =>
    queueMicrotask(() => {
      if (isAsleep) later.push(run)
      else if (!isDead) run()
    })
  const open: OpenPort = (_greeting, sink) => {
    let isOver = false
    const end = board.attach((message: BoardMessage) =>
      soon(() => {
        if (!isOver) sink.receive(message)
      }),
    )
    ends.add(end)
    return {
      post: (message) => soon(() => end.receive(message)),
      close: () => {
        isOver = true
        ends.delete(end)
      },
    }
  }
  const environment = bench.clock.environment()
  const client = new Client('http://hub.test/', {
    // Timers do not run either in a page that is asleep.
    environment: { ...environment, after: (delayMs, run) => environment.after(delayMs, () => soon(run)) },
    ...options,
    transports: [{ name: 'tab', open: (_url, sink) => new PortLine(sink, open) }],
  })
  onTestFinished(() => client[Symbol.asyncDispose]())
  return {
    client,
    sleep: () => (isAsleep = true),
    wake: () => {
      isAsleep = false
      for (const run of later.splice(0)) run()
    },
    die: () => {
      isDead = true
      for (const end of ends) end.gone()
    },
  }
}
