/** One way of doing what a case asks for. */
export interface Contender {
  readonly name: string
  /** Does it so many times. Returns something that depends on all of it, so that none of it can be left out. */
  run(times: number): number | Promise<number>
  /** Does it once and throws an Error when the result is wrong. */
  check(): void | Promise<void>
}

/** One operation, done in several ways side by side. The first contender is ours. */
export interface MicroCase {
  readonly name: string
  readonly about: string
  /** Operations in one of the `times`: messages in a chunk, say. */
  readonly operations: number
  readonly contenders: readonly Contender[]
}

/** Throws an Error that names the contender unless the bytes are the same. */
export function assertSame(what: string, actual: Uint8Array | string, expected: Uint8Array | string): void {
  const same = Buffer.from(actual as Uint8Array).equals(Buffer.from(expected as Uint8Array))
  if (!same) throw new Error(`${what}: the result is wrong`)
}
