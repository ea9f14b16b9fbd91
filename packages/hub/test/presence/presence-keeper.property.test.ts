import { MemoryPresenceStore, PresenceKeeper, type PresenceStore } from '@wigwag/hub'
import type { ClientInfo } from '@wigwag/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const CHANNELS = ['a', 'b']

/** Requests that wait for an answer, and promises behind them. */
const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface Told {
  readonly what: 'join' | 'leave'
  readonly channel: string
  readonly info: ClientInfo
}

/** A hub: its sessions, and its line to the store, on which requests wait until they are let through. */
class SimulatedHub {
  readonly keeper: PresenceKeeper
  readonly here = new Set<string>()
  isCut = false
  isDead = false
  /** What is told waits. */
  isDeaf = false
  #waiting: ((isLost: boolean) => void)[] = []

  constructor(kept: PresenceStore, tell: (told: Told) => void) {
    const store: PresenceStore = {
      add: (...asked) => this.#through(() => kept.add(...asked)),
      remove: (...asked) => this.#through(() => kept.remove(...asked)),
      expire: (...asked) => this.#through(() => kept.expire(...asked)),
      presence: (...asked) => kept.presence(...asked),
      stats: (...asked) => kept.stats(...asked),
      close: async () => {},
    }
    this.keeper = new PresenceKeeper(store, {
      joined: (channel, info) => tell({ what: 'join', channel, info }),
      left: (channel, info) => tell({ what: 'leave', channel, info }),
    })
  }

  #through<T>(ask: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push((isLost) => {
        if (this.isCut) reject(new Error('cut'))
        else if (isLost) ask().then(() => reject(new Error('the answer was lost')), reject)
        else ask().then(resolve, reject)
      })
    })
  }

  /** Lets requests through, in their order. Returns whether there were any. */
  answer(most: number, isLost = false): boolean {
    const now = this.#waiting.splice(0, most)
    for (const each of now) each(isLost)
    return now.length > 0
  }

  die(): void {
    this.isDead = true
    this.keeper.close()
    this.here.clear()
    this.#waiting = []
  }
}

type Step =
  | { readonly do: 'enter' | 'leave'; readonly hub: number; readonly session: number; readonly channel: string }
  | { readonly do: 'cut' | 'mend' | 'die'; readonly hub: number }
  | { readonly do: 'answer' | 'lose'; readonly hub: number; readonly count: number }
  | { readonly do: 'hear'; readonly hub: number }
  | { readonly do: 'pass'; readonly seconds: number }
  /** A hub that was cut off for long is back, with all of its requests and what it has to hear on their way. */
  | { readonly do: 'lapse'; readonly hub: number; readonly seconds: number; readonly isDeaf: boolean }
  | { readonly do: 'tick' }

/** Several hubs on one store; what each tells is heard by all, in one order. */
class World {
  nowMs = 1_000_000
  readonly store = new MemoryPresenceStore({}, { now: () => this.nowMs })
  readonly told: Told[] = []
  /** How many of `told` each hub has heard. */
  #unsettled = 0
  readonly #heard = new Map<SimulatedHub, number>()
  readonly hubs = [0, 1, 2].map(() => new SimulatedHub(this.store, (told) => this.told.push(told)))

  async take(step: Step): Promise<void> {
    if (step.do === 'pass') return this.pass(step.seconds)
    if (step.do === 'tick') {
      // Nothing is on its way for as long as a round.
      if (++this.#unsettled > 4) await this.settle()
      this.#tick()
      return turns()
    }
    const hub = this.hubs[step.hub] as SimulatedHub
    if (hub.isDead) return
    switch (step.do) {
      case 'enter':
      case 'leave': {
        const client = `${step.hub}-${step.session}`
        if (step.do === 'enter') {
          hub.here.add(`${step.channel} ${client}`)
          hub.keeper.enter(step.channel, { client, user: `u${step.session}` }, this.nowMs)
        } else {
          hub.here.delete(`${step.channel} ${client}`)
          hub.keeper.leave(step.channel, client, this.nowMs)
        }
        break
      }
      case 'cut':
        // Between two requests: those on their way are answered.
        await this.settle()
        hub.isCut = true
        break
      case 'mend':
        hub.isCut = false
        break
      case 'lapse':
        await this.settle()
        hub.isCut = true
        hub.isDeaf = true
        await this.pass(step.seconds)
        if (step.isDeaf) {
          this.#heard.set(hub, this.told.length)
          for (const channel of CHANNELS) hub.keeper.missed(channel, this.nowMs)
        }
        hub.isDeaf = false
        hub.isCut = false
        this.#tick()
        break
      case 'die':
        await this.settle()
        hub.die()
        break
      case 'answer':
        hub.answer(step.count)
        break
      case 'lose':
        hub.answer(step.count, true)
        break
      case 'hear':
        this.#hear(hub)
        break
    }
    await turns()
  }

  /** Everything on its way arrives. */
  async settle(): Promise<void> {
    this.#unsettled = 0
    let isQuiet = false
    while (!isQuiet) {
      isQuiet = true
      for (const hub of this.hubs) {
        if (hub.isDead) continue
        if (hub.answer(Number.POSITIVE_INFINITY)) isQuiet = false
        if (!hub.isDeaf && this.#hear(hub)) isQuiet = false
      }
      await turns()
    }
  }

  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await this.settle()
      this.#tick()
      await turns()
    }
  }

  #tick(): void {
    this.nowMs += 1000
    for (const hub of this.hubs) if (!hub.isDead) hub.keeper.tick(this.nowMs)
  }

  async checkPresence(): Promise<void> {
    for (const channel of CHANNELS) {
      const present = [...(await this.store.presence(channel)).keys()].map((client) => `${channel} ${client}`)
      expect(present.sort(), 'presence is who is there').toEqual(this.#here(channel))
    }
  }

  #here(channel: string): string[] {
    return this.hubs.flatMap(({ here }) => [...here].filter((each) => each.startsWith(`${channel} `))).sort()
  }

  /** What was told of each session in a channel, in its order. */
  storyOf(channel: string): Map<string, string[]> {
    const stories = new Map<string, string[]>()
    for (const told of this.told) {
      if (told.channel !== channel) continue
      const { client } = told.info
      stories.set(client, [...(stories.get(client) ?? []), told.what])
    }
    return stories
  }

  checkStories(): void {
    for (const channel of CHANNELS) {
      const here = new Set(this.#here(channel))
      for (const [client, story] of this.storyOf(channel)) {
        const expected = story.map((_what, index) => (index % 2 === 0 ? 'join' : 'leave'))
        expect(story, `joins and leaves of ${client} in ${channel} alternate`).toEqual(expected)
        // Where nobody is, nobody looks for those whose hub died, nor hears of it.
        if (here.size > 0) expect(story.at(-1)).toBe(here.has(`${channel} ${client}`) ? 'join' : 'leave')
      }
      for (const each of here) expect(this.storyOf(channel).has(each.slice(channel.length + 1)), each).toBe(true)
    }
  }

  /** Whoever is there was told to have come, and not to have gone since. */
  checkThoseHereAreTold(): void {
    for (const channel of CHANNELS) {
      const stories = this.storyOf(channel)
      for (const each of this.#here(channel)) {
        expect(stories.get(each.slice(channel.length + 1))?.at(-1), each).toBe('join')
      }
    }
  }

  #hear(hub: SimulatedHub): boolean {
    const from = this.#heard.get(hub) ?? 0
    const news = this.told.slice(from)
    this.#heard.set(hub, from + news.length)
    for (const { what, channel, info } of news) {
      if (what === 'leave') hub.keeper.heardLeft(channel, info.client, this.nowMs)
    }
    return news.length > 0
  }
}

const hub = fc.constantFrom(0, 0, 0, 1, 1, 2)
const enterOrLeave = fc.record({
  do: fc.constantFrom('enter' as const, 'enter' as const, 'leave' as const),
  hub,
  session: fc.constantFrom(0, 0, 1),
  channel: fc.constantFrom('a', 'a', 'a', 'b'),
})
const common = [
  { weight: 8, arbitrary: enterOrLeave },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'mend' as const), hub }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), hub }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('answer' as const), hub, count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hear' as const), hub }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.constantFrom(1, 5, 24, 61, 90) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('lapse' as const),
      hub,
      seconds: fc.integer({ min: 58, max: 90 }),
      isDeaf: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
]
const step: fc.Arbitrary<Step> = fc.oneof(...common)
const lossyStep: fc.Arbitrary<Step> = fc.oneof(...common, {
  weight: 3,
  arbitrary: fc.record({ do: fc.constant('lose' as const), hub, count: fc.integer({ min: 1, max: 3 }) }),
})

async function play(steps: readonly Step[]): Promise<World> {
  const world = new World()
  for (const each of steps) await world.take(each)
  for (const each of world.hubs) each.isCut = false
  await world.pass(150)
  await world.settle()
  return world
}

test('whatever hubs and lines do: at quiet presence is who is there, and every join and leave was told once, in turn', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const world = await play(steps)
      await world.checkPresence()
      world.checkStories()
    }),
    { numRuns: 100 },
  )
}, 60_000)

test('and when answers are lost, presence is who is there, and nobody who is there was told last to have left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(lossyStep, { maxLength: 40, size: 'max' }), async (steps) => {
      // Nobody can know of what neither was answered nor heard.
      const world = await play(steps.map((each) => (each.do === 'lapse' ? { ...each, isDeaf: false } : each)))
      await world.checkPresence()
      world.checkThoseHereAreTold()
    }),
    { numRuns: 100 },
  )
}, 60_000)
