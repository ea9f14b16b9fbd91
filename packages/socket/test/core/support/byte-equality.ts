import { expect } from 'vitest'

/** Import it where long payloads are compared: element by element takes seconds. */
expect.addEqualityTesters([
  (left: unknown, right: unknown): boolean | undefined =>
    left instanceof Uint8Array && right instanceof Uint8Array ? Buffer.compare(left, right) === 0 : undefined,
])
