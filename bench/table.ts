/** Texts in rows and columns, for a terminal or for Markdown. The first column is left-aligned, numbers right. */
export interface Table {
  readonly title: string
  readonly heads: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Lines below it. */
  readonly notes: readonly string[]
}

/** The table as plain text. */
export function formatText(table: Table): string {
  const lines = [table.heads, ...table.rows]
  const widths = table.heads.map((_, column) => Math.max(...lines.map((texts) => texts[column]?.length ?? 0)))
  const formatted = lines.map((texts) =>
    texts
      .map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart((widths[column] ?? 0) + 2)))
      .join('')
      .trimEnd(),
  )
  return [table.title, ...formatted.map((line) => `  ${line}`), ...table.notes.map((note) => `  ${note}`)].join('\n')
}

/** The table as Markdown, under a heading. */
export function formatMarkdown(table: Table): string {
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`
  const rule = `|${table.heads.map((_, column) => (column === 0 ? '---|' : '---:|')).join('')}`
  return [
    `### ${table.title}`,
    '',
    line(table.heads),
    rule,
    ...table.rows.map(line),
    ...table.notes.flatMap((note) => ['', note]),
  ].join('\n')
}
