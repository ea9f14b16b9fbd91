/** A breach of a contract: says what was promised and what came instead. */
export class ContractBreach extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ContractBreach'
  }
}

/** Throws `ContractBreach` unless `condition` holds. */
export function assertKept(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new ContractBreach(promise)
}

/** Throws `ContractBreach` unless the two are the same JSON, or the same bytes, all the way down. */
export function assertSame(actual: unknown, expected: unknown, promise: string): void {
  if (isSame(actual, expected)) return
  throw new ContractBreach(`${promise}: expected ${show(expected)}, got ${show(actual)}`)
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array !== b instanceof Uint8Array || Array.isArray(a) !== Array.isArray(b)) return false
  const left = definedEntries(a)
  const right = new Map(definedEntries(b))
  return left.length === right.size && left.every(([key, value]) => right.has(key) && isSame(value, right.get(key)))
}

function definedEntries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, entry]) => entry !== undefined)
}

function show(value: unknown): string {
  const text = value instanceof Uint8Array ? `bytes [${value.join(', ')}]` : JSON.stringify(value)
  return String(text).slice(0, 300)
}

/** The error that `promise` rejects with. Throws `ContractBreach` when it does not, or with something that has no code. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error & { readonly code: string }> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if (!('error' in outcome))
    throw new ContractBreach(`a rejection was promised; it resolved with ${show(outcome.value)}`)
  const { error } = outcome
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return error as Error & { readonly code: string }
  throw new ContractBreach(`a HubError was promised; it rejected with ${String(error)}`)
}
