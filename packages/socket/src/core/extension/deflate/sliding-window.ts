/** Nothing to look back at. */
export const EMPTY_WINDOW: Uint8Array = new Uint8Array(0)

/**
 * The last `size` bytes of `window` followed by `plain`: the LZ77 window behind a message (RFC 7692 §7.2). Always bytes of
 * its own and no more than it needs, never changed again, so that connections may share it.
 */
export function slideWindow(window: Uint8Array, plain: Uint8Array, size: number): Uint8Array {
  if (plain.length === 0) return window
  const added = plain.length <= size ? plain : plain.subarray(plain.length - size)
  const kept = Math.min(window.length, size - added.length)
  const slid = new Uint8Array(kept + added.length)
  slid.set(window.subarray(window.length - kept))
  slid.set(added, kept)
  return slid
}

/**
 * The same in place where it can be, for a window that nobody shares: `window` must not be used any more. A full one moves
 * without an allocation.
 */
export function advanceWindow(window: Uint8Array, plain: Uint8Array, size: number): Uint8Array {
  if (window.length < size) return slideWindow(window, plain, size)
  const added = plain.length <= size ? plain : plain.subarray(plain.length - size)
  window.copyWithin(0, added.length)
  window.set(added, size - added.length)
  return window
}

/** The last `length` bytes. */
export function endOf(bytes: Uint8Array, length: number): Uint8Array {
  return length === bytes.length ? bytes : bytes.subarray(bytes.length - length)
}
