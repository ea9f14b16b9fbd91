import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CloseReason, closeReason, reasonOfCode } from '../../src/reason/close-reason.ts'
import { type ClientEffect, type ClientMachine, createClientMachine } from '../../src/state/client-machine.ts'
import { during } from '../../src/state/during.ts'

const TIMES = {
  minDelayMs: 500,
  maxDelayMs: 20_000,
  connectTimeoutMs: 10_000,
  maxPingDelayMs: 10_000,
  probeTimeoutMs: 2000,
  maxAdvisedDelayMs: 300_000,
}

/** What must be true, said in other words than the machine's: who is wanted, what is open, until when it is quiet. */
interface Model {
  nowMs: number
  isWanted: boolean
  link: 'none' | 'authorizing' | 'opening' | 'open'
  /** Not before this an attempt may begin, unless somebody wakes it. */
  notBeforeMs: number
  isAdvised: boolean
}

/** The machine with what a driver does for it. */
class Driven {
  readonly machine: ClientMachine
  link: Model['link'] = 'none'
  /** What each attempt, when it is asked for, has still to tell. */
  readonly answers: ((nowMs: number) => void)[] = []

  /** `isAtOnce`: a token is there when it is asked for. */
  readonly #isAtOnce: boolean

  constructor(isAtOnce: boolean, random: number) {
    this.#isAtOnce = isAtOnce
    this.machine = createClientMachine(TIMES, () => random)
  }

  obey(effect: ClientEffect | undefined, nowMs: number): void {
    if (effect === 'authorize') {
      expect(this.link).toBe('none')
      this.link = 'authorizing'
      this.answers.push(
        during(this.machine, (atMs: number) => {
          this.machine.authorized(atMs)
          this.machine.greeted('old', 0, atMs)
          this.machine.ended(closeReason('refused'), atMs)
        }),
      )
      if (this.#isAtOnce) this.obey(this.machine.authorized(nowMs), nowMs)
    } else if (effect === 'open') {
      // Never two at a time.
      expect(['none', 'authorizing']).toContain(this.link)
      this.link = 'opening'
    } else if (effect === 'close') this.link = 'none'
    else if (effect === 'probe') expect(this.link).toBe('open')
  }
}

type Step = fc.Command<Model, Driven>

function step(name: string, can: (model: Model) => boolean, run: (model: Model, driven: Driven) => void): Step {
  return {
    check: can,
    run: (model, driven) => {
      run(model, driven)
      check(model, driven)
    },
    toString: () => name,
  }
}

function check(model: Model, { machine, link }: Driven): void {
  expect(link).toBe(model.link)
  const { phase } = machine.state
  expect(phase).toBe(!model.isWanted ? 'disconnected' : model.link === 'open' ? 'connected' : 'connecting')
  // Whoever is wanted and not there has something to wait for.
  const dueMs = machine.nextDeadlineMs()
  expect(Number.isFinite(dueMs)).toBe(model.isWanted)
  if (model.isWanted && model.link === 'none') expect(dueMs).toBe(model.notBeforeMs)
}

function end(model: Model, driven: Driven, reason: CloseReason): void {
  const { nowMs } = model
  driven.obey(driven.machine.ended(reason, nowMs), nowMs)
  model.link = 'none'
  model.isWanted = reason.retryable
  if (reason.retryable) rest(model, driven, reason)
}

/** An attempt has failed: how long it waits is within what it may be. */
function rest(model: Model, { machine }: Driven, { name, delayMs }: Pick<CloseReason, 'name' | 'delayMs'>): void {
  const waitMs = machine.nextDeadlineMs() - model.nowMs
  if (delayMs !== undefined) expect(waitMs).toBe(Math.min(delayMs, TIMES.maxAdvisedDelayMs))
  else if (!(waitMs === 0 && (name === 'tokenExpired' || name === 'expired'))) {
    expect(waitMs).toBeGreaterThanOrEqual(TIMES.minDelayMs)
    expect(waitMs).toBeLessThanOrEqual(TIMES.maxDelayMs)
  }
  model.notBeforeMs = machine.nextDeadlineMs()
  model.isAdvised = delayMs !== undefined
}

const begun = (model: Model, driven: Driven): void => {
  expect(['authorizing', 'opening']).toContain(driven.link)
  model.link = driven.link
}

const steps = (): fc.Arbitrary<Step>[] => [
  fc.constant(
    step(
      'connect',
      ({ isWanted }) => !isWanted,
      (model, driven) => {
        driven.obey(driven.machine.connect(model.nowMs), model.nowMs)
        model.isWanted = true
        begun(model, driven)
      },
    ),
  ),
  fc.constant(
    step(
      'disconnect',
      () => true,
      (model, driven) => {
        driven.obey(driven.machine.disconnect(), model.nowMs)
        model.isWanted = false
        model.link = 'none'
      },
    ),
  ),
  fc.constant(
    step(
      'authorized',
      ({ link }) => link === 'authorizing',
      (model, driven) => {
        driven.obey(driven.machine.authorized(model.nowMs), model.nowMs)
        model.link = 'opening'
      },
    ),
  ),
  fc.constant(
    step(
      'greeted',
      ({ link }) => link === 'opening',
      (model, driven) => {
        driven.machine.greeted('id', 25_000, model.nowMs)
        driven.link = 'open'
        model.link = 'open'
      },
    ),
  ),
  fc.constant(
    step(
      'what is stale',
      () => true,
      (model, driven) => {
        const { state } = driven.machine
        for (const tell of driven.answers.slice(0, -1)) tell(model.nowMs)
        expect(driven.machine.state).toBe(state)
      },
    ),
  ),
  fc
    .oneof(
      fc.constantFrom(closeReason('unreachable'), closeReason('tokenExpired'), closeReason('refused')),
      fc
        .tuple(fc.integer({ min: 1000, max: 4999 }), fc.option(fc.nat(1e6), { nil: undefined }))
        .map(([code, delayMs]) => reasonOfCode(code, delayMs === undefined ? {} : { delayMs })),
    )
    .map((reason) =>
      step(
        `ended ${reason.name} ${reason.delayMs ?? ''}`,
        ({ link }) => link !== 'none',
        (model, driven) => end(model, driven, reason),
      ),
    ),
  fc
    .oneof(
      fc.constant(closeReason('forbidden')),
      fc.nat(1e6).map((delayMs) => closeReason('refusedForNow', { delayMs })),
    )
    .map((reason) =>
      step(
        `learned ${reason.name} ${reason.delayMs ?? ''}`,
        () => true,
        (model, driven) => {
          const { machine } = driven
          const { state } = machine
          machine.learned(reason, model.nowMs)
          // Whoever is there, on the way or not wanted has nothing to learn of what was before.
          const isWaiting = model.isWanted && model.link === 'none'
          expect(machine.state === state).toBe(!isWaiting)
          if (!isWaiting) return
          expect(machine.state).toMatchObject({ phase: 'connecting', reason })
          if (reason.delayMs !== undefined) rest(model, driven, reason)
        },
      ),
    ),
  fc.constant(
    step(
      'heard',
      ({ link }) => link === 'open',
      (model, driven) => {
        driven.machine.heard(model.nowMs)
        expect(driven.machine.state).toMatchObject({ isSuspect: false })
      },
    ),
  ),
  fc.constant(
    step(
      'woke',
      () => true,
      (model, driven) => {
        const isOpen = model.link === 'open'
        const attempts =
          model.isWanted && model.link === 'none' && (!model.isAdvised || model.nowMs >= model.notBeforeMs)
        driven.obey(driven.machine.noticed('woke', model.nowMs), model.nowMs)
        if (attempts) begun(model, driven)
        else if (isOpen && driven.link === 'none') {
          model.link = 'none'
          rest(model, driven, { name: 'noPing' })
        } else if (model.link !== 'none' && driven.link === 'none') {
          model.link = 'none'
          rest(model, driven, { name: 'connectTimeout' })
        }
      },
    ),
  ),
  fc.oneof(fc.constantFrom(1, 499, 2000, 35_000), fc.nat(400_000)).map((ms) =>
    step(
      `${ms} ms`,
      () => true,
      (model, driven) => {
        // As a driver's timer has it: at each deadline on the way, not before.
        const endMs = model.nowMs + ms
        for (let dueMs = driven.machine.nextDeadlineMs(); dueMs <= endMs; dueMs = driven.machine.nextDeadlineMs()) {
          model.nowMs = Math.max(model.nowMs, dueMs)
          expect(driven.machine.tick(dueMs - 1)).toBeUndefined()
          const was = driven.link
          driven.obey(driven.machine.tick(model.nowMs), model.nowMs)
          if (was === 'none') begun(model, driven)
          else if (driven.link === 'none') {
            model.link = 'none'
            rest(model, driven, { name: 'connectTimeout' })
          }
        }
        model.nowMs = endMs
      },
    ),
  ),
]

test('whatever happens, in whatever order: one attempt at a time, each behind its wait, and none that is not wanted', () => {
  fc.assert(
    fc.property(
      fc.commands(steps(), { maxCommands: 60 }),
      fc.boolean(),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (commands, isAtOnce, random) => {
        fc.modelRun(
          () => ({
            model: { nowMs: 1000, isWanted: false, link: 'none', notBeforeMs: 0, isAdvised: false } as Model,
            real: new Driven(isAtOnce, random),
          }),
          commands,
        )
      },
    ),
    { numRuns: 500 },
  )
})
