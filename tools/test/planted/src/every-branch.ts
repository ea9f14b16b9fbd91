/** Every kind of branch that the instrumentation knows, in shapes that are easily spoilt. */
export function everyBranch(n: number, seen: string[] = []): string {
  const label = (value: number): { of: string } => ({ of: value > 1 ? `${value > 2 ? 'many' : 'two'}` : 'few' })
  if (n < 0) return 'less'
  else if (n === 0) seen.push('none')
  if (n > 5) if (n > 6) seen.push('above six')
  for (let i = 0; i < n; i++) if (i % 2 === 1) seen.push(`odd ${i}`)
  for (const each of [1, 2]) seen.push(label(each + n).of)
  let left = n
  while (left > 3) left -= 1
  const rest = (left as number) || (seen[99] ?? (n > 9 && 'none')) || ('never' satisfies string)
  try {
    if (n === 4) throw new Error('four')
  } catch {
    seen.push('caught')
  }
  switch (n) {
    case 1:
    case 2:
      seen.push('small')
      break
    case 3:
      return `three ${seen.join()}`
    default:
      seen.push('large')
  }
  return [...seen, String(rest)].join()
}
