/** How deep objects are looked into. */
const MAX_DEPTH = 4

/** The numbers and texts of a JSON object or array, by name: `a.b` for what is inside `a`. Nothing for a line that is none. */
export function parseJsonLine(line: string): Map<string, number | string> | undefined {
  if (!/^\s*[{[]/.test(line)) return undefined
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return undefined
  }
  const values = new Map<string, number | string>()
  collect(json, '', 0, values)
  return values
}

function collect(json: unknown, name: string, depth: number, values: Map<string, number | string>): void {
  if (typeof json === 'number' || typeof json === 'string') values.set(name === '' ? 'value' : name, json)
  else if (typeof json === 'boolean') values.set(name, json ? 1 : 0)
  else if (Array.isArray(json))
    collectEach(
      json.map((item, i) => [nameOf(name, String(i + 1)), item]),
      depth,
      values,
    )
  else if (typeof json === 'object' && json !== null) {
    collectEach(
      Object.entries(json).map(([key, item]) => [nameOf(name, key), item]),
      depth,
      values,
    )
  }
}

function collectEach(
  items: readonly (readonly [string, unknown])[],
  depth: number,
  values: Map<string, number | string>,
): void {
  if (depth >= MAX_DEPTH) return
  for (const [name, item] of items) collect(item, name, depth + 1, values)
}

function nameOf(outer: string, inner: string): string {
  return outer === '' ? inner : `${outer}.${inner}`
}
