import { inspect, isDeepStrictEqual } from 'node:util'

/** Notes what a scenario saw. `tell` is given one plain object for each check. */
export function createCheck(tell) {
  const times = new Map()
  /** Notes `actual`, to be compared with what the other `ws` gives; `expected`, where it is given, is what it must be. */
  return function check(name, actual, ...expected) {
    const time = (times.get(name) ?? 0) + 1
    times.set(name, time)
    const ok = expected.length === 0 || isDeepStrictEqual(actual, expected[0])
    const wanted = ok ? undefined : show(expected[0])
    tell({ name: time === 1 ? name : `${name} (${time})`, value: show(actual), ok, wanted })
  }
}

/** A value as text that is the same in every run: ports and error stacks left out. */
function show(value) {
  const shown = value instanceof Error ? `${value.name}: ${value.message} ${value.code ?? ''}`.trim() : value
  const text = typeof shown === 'string' ? shown : inspect(shown, { depth: 8, sorted: true, breakLength: 120 })
  return text.replace(/((?:127\.0\.0\.1|localhost|\[?::1\]?):)\d+/g, '$1PORT')
}
