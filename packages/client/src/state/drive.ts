import type { AlarmClock } from '../time/alarm.ts'
import { createAlarm } from '../time/alarm.ts'

/** What a machine has that is driven. */
export interface DrivenMachine<State, Effect> {
  readonly state: State
  nextDeadlineMs(): number
  tick(nowMs: number): Effect | undefined
}

/**
 * Drives a machine: what it returns is to be handed to the function that this returns, so that `obey` does it, and is told of its state
 * where that is another one. The machine's deadlines are kept.
 */
export function drive<State, Effect>(
  machine: DrivenMachine<State, Effect>,
  clock: AlarmClock,
  obey: (effect: Effect | undefined, changed: State | undefined) => void,
): (effect?: Effect) => void {
  let told = machine.state
  const setAlarm = createAlarm(clock, (nowMs) => apply(machine.tick(nowMs)))
  function apply(effect?: Effect): void {
    const { state } = machine
    const changed = state === told ? undefined : state
    told = state
    obey(effect, changed)
    setAlarm(machine.nextDeadlineMs())
  }
  return apply
}
