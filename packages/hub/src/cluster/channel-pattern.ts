/** Whether a channel's name is as `pattern` says: `*` stands for any text, `?` for one character, all else for itself. */
export function matchesPattern(name: string, pattern: string): boolean {
  let at = 0
  let expected = 0
  // Where the last `*` is, and what it stands for so far: only that one is ever tried again, so the time is bounded.
  let star = -1
  let starEnd = 0
  while (at < name.length) {
    const wanted = pattern[expected]
    if (wanted === '*') {
      star = expected++
      starEnd = at
    } else if (wanted === '?' || wanted === name[at]) {
      expected++
      at++
    } else if (star === -1) return false
    else {
      expected = star + 1
      at = ++starEnd
    }
  }
  while (pattern[expected] === '*') expected++
  return expected === pattern.length
}
