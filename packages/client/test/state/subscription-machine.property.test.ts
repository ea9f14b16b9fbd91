import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  reasonOfUnsubscribe,
  type SubscriptionReasonName,
  subscriptionReason,
} from '../../src/reason/subscription-reason.ts'
import { during } from '../../src/state/during.ts'
import {
  createSubscriptionMachine,
  type SubscriptionEffect,
  type SubscriptionMachine,
} from '../../src/state/subscription-machine.ts'

const BACKOFF = { minDelayMs: 500, maxDelayMs: 20_000 }

interface Model {
  nowMs: number
  isOnline: boolean
  isWanted: boolean
  /** What the hub has of it. */
  atHub: 'none' | 'asked' | 'subscribed'
  isAuthorizing: boolean
}

/** The machine with what a driver and a hub do for it. */
class Driven {
  readonly machine: SubscriptionMachine
  atHub: Model['atHub'] = 'none'
  isAuthorizing = false

  /** What each attempt, when it is asked for, has still to tell. */
  readonly answers: ((nowMs: number) => void)[] = []
  /** `isAtOnce`: a token is there when it is asked for. */
  readonly #isAtOnce: boolean

  constructor(isAtOnce: boolean, random: number) {
    this.#isAtOnce = isAtOnce
    this.machine = createSubscriptionMachine(BACKOFF, () => random)
  }

  obey(effect: SubscriptionEffect | undefined): void {
    if (effect !== undefined) this.isAuthorizing = effect === 'authorize'
    if (effect === 'authorize') {
      this.answers.push(
        during(this.machine, (nowMs: number) => {
          this.machine.authorized()
          this.machine.joined(nowMs)
          this.machine.refused(subscriptionReason('refused'), nowMs)
        }),
      )
    }
    if (effect === 'authorize' && this.#isAtOnce) this.obey(this.machine.authorized())
    if (effect === 'ask') {
      // Nobody asks for what there is already: error 105.
      expect(this.atHub).toBe('none')
      this.atHub = 'asked'
    } else if (effect === 'leave') this.atHub = 'none'
  }
}

type Step = fc.Command<Model, Driven>

function step(name: string, can: (model: Model) => boolean, run: (model: Model, driven: Driven) => void): Step {
  return {
    check: can,
    run: (model, driven) => {
      run(model, driven)
      model.atHub = driven.atHub
      model.isAuthorizing = driven.isAuthorizing
      check(model, driven)
    },
    toString: () => name,
  }
}

function check(model: Model, { machine, atHub, isAuthorizing }: Driven): void {
  const { phase } = machine.state
  expect(phase).toBe(!model.isWanted ? 'unsubscribed' : atHub === 'subscribed' ? 'subscribed' : 'subscribing')
  // Whoever is wanted, can be, and is not, is on the way: by a question that is under way, or at a time.
  const isUnderWay = atHub !== 'none' || isAuthorizing
  expect(Number.isFinite(machine.nextDeadlineMs())).toBe(model.isWanted && model.isOnline && !isUnderWay)
  if (!model.isOnline || !model.isWanted) expect(atHub).toBe('none')
}

function refuse(model: Model, driven: Driven, name: SubscriptionReasonName, how: 'refused' | 'ended'): void {
  const reason = how === 'ended' ? reasonOfUnsubscribe(name === 'server' ? 2000 : 2500, '') : subscriptionReason(name)
  driven.atHub = 'none'
  driven.isAuthorizing = false
  model.isWanted = name !== 'refused' && name !== 'unauthorized' && name !== 'server'
  const effect =
    how === 'ended' ? driven.machine.ended(reason, model.nowMs) : driven.machine.refused(reason, model.nowMs)
  driven.obey(effect)
}

const steps: fc.Arbitrary<Step>[] = [
  fc.constant(
    step(
      'subscribe',
      () => true,
      (model, driven) => {
        driven.obey(driven.machine.subscribe())
        model.isWanted = true
      },
    ),
  ),
  fc.constant(
    step(
      'unsubscribe',
      () => true,
      (model, driven) => {
        const effect = driven.machine.unsubscribe()
        expect(effect).toBe(driven.atHub === 'none' ? undefined : 'leave')
        driven.isAuthorizing = false
        driven.obey(effect)
        model.isWanted = false
      },
    ),
  ),
  fc.constant(
    step(
      'online',
      ({ isOnline }) => !isOnline,
      (model, driven) => {
        model.isOnline = true
        driven.obey(driven.machine.online(true))
      },
    ),
  ),
  fc.constant(
    step(
      'offline',
      ({ isOnline }) => isOnline,
      (model, driven) => {
        model.isOnline = false
        driven.atHub = 'none'
        driven.isAuthorizing = false
        driven.machine.online(false)
      },
    ),
  ),
  fc.constant(
    step(
      'authorized',
      ({ isAuthorizing }) => isAuthorizing,
      (_model, driven) => driven.obey(driven.machine.authorized()),
    ),
  ),
  fc.constant(
    step(
      'joined',
      ({ atHub }) => atHub === 'asked',
      (model, driven) => {
        driven.machine.joined(model.nowMs)
        driven.atHub = 'subscribed'
      },
    ),
  ),
  fc.constant(
    step(
      'what is stale',
      () => true,
      (model, { machine, answers }) => {
        const { state } = machine
        for (const tell of answers.slice(0, -1)) tell(model.nowMs)
        expect(machine.state).toBe(state)
      },
    ),
  ),
  fc.constantFrom<SubscriptionReasonName[]>('refused', 'refusedForNow', 'tokenExpired', 'unauthorized').map((name) =>
    step(
      `refused: ${name}`,
      ({ atHub, isAuthorizing }) => atHub === 'asked' || isAuthorizing,
      (model, driven) => refuse(model, driven, name, 'refused'),
    ),
  ),
  fc.constantFrom<SubscriptionReasonName[]>('server', 'insufficientState').map((name) =>
    step(
      `ended: ${name}`,
      ({ atHub }) => atHub === 'subscribed',
      (model, driven) => refuse(model, driven, name, 'ended'),
    ),
  ),
  fc.constantFrom(1, 499, 5000, 20_000).map((ms) =>
    step(
      `${ms} ms`,
      () => true,
      (model, driven) => {
        const dueMs = driven.machine.nextDeadlineMs()
        model.nowMs += ms
        const effect = driven.machine.tick(model.nowMs)
        expect(effect !== undefined).toBe(model.nowMs >= dueMs)
        driven.obey(effect)
      },
    ),
  ),
]

test('whatever happens, in whatever order: what is wanted is on its way, asked for once, and nothing is left at the hub', () => {
  fc.assert(
    fc.property(
      fc.commands(steps, { maxCommands: 60 }),
      fc.boolean(),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (commands, isAtOnce, random) => {
        fc.modelRun(
          () => ({
            model: { nowMs: 0, isOnline: false, isWanted: false, atHub: 'none', isAuthorizing: false } as Model,
            real: new Driven(isAtOnce, random),
          }),
          commands,
        )
      },
    ),
    { numRuns: 500 },
  )
})

test('a hub that takes and drops at once is not asked in a loop', () => {
  const machine = createSubscriptionMachine(BACKOFF, () => 0.5)
  machine.online(true)
  machine.subscribe()
  machine.authorized()
  machine.joined(0)
  expect(machine.ended(reasonOfUnsubscribe(2500, ''), 10)).toBe('authorize')
  machine.authorized()
  machine.joined(11)
  expect(machine.ended(reasonOfUnsubscribe(2500, ''), 12)).toBeUndefined()
  expect(machine.nextDeadlineMs()).toBeGreaterThan(500)
})
