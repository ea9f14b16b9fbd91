let isAway = false

// Before all others that listen, and come back because of it.
const first = { capture: true }
if (globalThis.document !== undefined) {
  globalThis.addEventListener('pagehide', () => (isAway = true), first)
  globalThis.addEventListener('pageshow', () => (isAway = false), first)
}

/**
 * Whether the page was left. It may come back as it was, if it holds nothing by then that others could wait for: so it begins nothing in
 * the moments that it still has.
 */
export function isPageAway(): boolean {
  return isAway
}
