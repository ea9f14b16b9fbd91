/**
 * Picks entries of a table by name, in the table's order. A pattern is a whole name, else the beginning of names, else,
 * with `*` or `?` in it, what a shell would match. Throws an Error that names a pattern which picks nothing.
 */
export function pickByName<T extends { readonly name: string }>(
  option: string,
  table: readonly T[],
  patterns: readonly string[] | undefined,
): readonly T[] {
  if (patterns === undefined) return table
  const picked = new Set<T>()
  for (const pattern of patterns) {
    const matching = matchName(table, pattern)
    if (matching.length === 0) {
      throw new Error(
        `--${option} "${pattern}" names nothing. There is ${table.map((entry) => entry.name).join(', ')}; ` +
          'the beginning of a name will do, and * and ? stand for anything.',
      )
    }
    for (const entry of matching) picked.add(entry)
  }
  return table.filter((entry) => picked.has(entry))
}

function matchName<T extends { readonly name: string }>(table: readonly T[], pattern: string): readonly T[] {
  const exact = table.filter(({ name }) => name === pattern)
  if (exact.length > 0) return exact
  if (!/[*?]/.test(pattern)) return table.filter(({ name }) => name.startsWith(pattern))
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const expression = new RegExp(`^${source}$`)
  return table.filter(({ name }) => expression.test(name))
}
