// Tells whether a regular expression can be made to look at its input again and again. Stricter than need be: what it
// refuses is better written otherwise.

const GROUP_START = /\((?:\?(?:[:=!]|<[=!]|<\w+>))?/y
const ATOM = /\\(?:[pP]\{[^}]*\}|x[0-9a-f]{2}|u[0-9a-f]{4}|.)|\[(?:\\.|[^\]\\])*\]|[^\\[]/iy
const QUANTIFIER = /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y
const ASSERTIONS = ['^', '$', '\\b', '\\B']

/** Says why `expression` may take more than linear time; nothing when it cannot. */
export function findBacktracking(expression) {
  const flags = expression.flags.replace(/[gy]/g, '')
  const alternatives = new Reader(expression.source).alternatives()
  if (alternatives.some(hasEndlessGroup)) return 'a group repeats without end'
  for (const steps of alternatives.flatMap(withoutGroups)) {
    const why = findOverlap(steps, flags) ?? findRestart(steps)
    if (why !== undefined) return why
  }
  return undefined
}

/** Reads an expression into alternatives, each a list of steps: an atom or a group, and how often it may come. */
class Reader {
  #source
  #at = 0

  constructor(source) {
    this.#source = source
  }

  alternatives() {
    const alternatives = [[]]
    while (this.#at < this.#source.length && this.#source[this.#at] !== ')') {
      if (this.#take(/\|/y) !== '') alternatives.push([])
      else alternatives.at(-1).push(this.#step())
    }
    return alternatives
  }

  #step() {
    const isGroup = this.#take(GROUP_START) !== ''
    const content = isGroup ? { group: this.alternatives() } : { atom: this.#take(ATOM) }
    if (isGroup) this.#take(/\)/y)
    const quantifier = this.#take(QUANTIFIER)
    return { ...content, endless: /^([*+]|\{\d+,\})/.test(quantifier), optional: /^([*?]|\{0)/.test(quantifier) }
  }

  #take(pattern) {
    pattern.lastIndex = this.#at
    const taken = pattern.exec(this.#source)?.[0] ?? ''
    this.#at += taken.length
    return taken
  }
}

function hasEndlessGroup(steps) {
  return steps.some(({ group, endless }) => group !== undefined && (endless || group.some(hasEndlessGroup)))
}

/** Every way through the groups of a list of steps. */
function withoutGroups(steps) {
  return steps.reduce(
    (ways, step) => {
      const inner = step.group === undefined ? [[step]] : step.group.flatMap(withoutGroups)
      return ways.flatMap((way) =>
        inner.map((each) => [...way, ...each.map((one) => ({ ...one, optional: one.optional || step.optional }))]),
      )
    },
    [[]],
  )
}

/** Two endless steps that may take the same characters share them out in every way, unless something stands between. */
function findOverlap(steps, flags) {
  const atoms = steps.filter(({ atom }) => !ASSERTIONS.includes(atom))
  for (const [i, first] of atoms.entries()) {
    if (!first.endless) continue
    for (const next of atoms.slice(i + 1)) {
      const meets = overlap(first.atom, next.atom, flags)
      if (next.endless && meets) return `${first.atom} and ${next.atom} may both take the same characters`
      if (!meets && !next.optional) break
    }
  }
  return undefined
}

function overlap(one, other, flags) {
  const [a, b] = [one, other].map((atom) => new RegExp(`^(?:${atom})$`, flags))
  const characters = Array.from({ length: 0x300 }, (_, code) => String.fromCharCode(code))
  return characters.some((character) => a.test(character) && b.test(character))
}

/** An expression that may begin anywhere tries again at every place of what an endless step has taken. */
function findRestart(steps) {
  const at = steps.findIndex(({ endless }) => endless)
  if (at < 0 || at === steps.length - 1 || steps[0].atom === '^') return undefined
  return `${steps.map(({ atom }) => atom).join('')} may begin at every place`
}
