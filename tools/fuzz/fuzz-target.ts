/** What a file `NAME.target.ts` exports. */
export interface FuzzTarget {
  /** Handles one input of a peer. Throws when what must hold does not: that is the finding. */
  readonly fuzz: (input: Uint8Array) => void
  /** Inputs to begin with, each under the name of what is interesting about it. */
  readonly seeds: Readonly<Record<string, Uint8Array | string>>
  /** Words of the format, besides those that the code under test itself compares with. */
  readonly dictionary?: readonly (string | Uint8Array)[]
  /** Longest input tried. Default 512 bytes. */
  readonly maxInputBytes?: number
}

/** Bytes of an input as text, one character a byte: what HTTP heads are made of. */
export function latin1(input: Uint8Array): string {
  return Buffer.from(input.buffer, input.byteOffset, input.length).toString('latin1')
}

/** Throws a finding unless `holds`. `what` is only asked then. */
export function must(holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new Error(typeof what === 'string' ? what : what())
}

/** The value of `run`; nothing when it threw an error that `isDocumented`. Any other is the finding. */
export function unlessRefused<T>(run: () => T, isDocumented: (error: unknown) => boolean): T | undefined {
  try {
    return run()
  } catch (error) {
    if (isDocumented(error)) return undefined
    throw error
  }
}
