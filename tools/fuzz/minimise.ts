/** The shortest input that one finds by leaving parts out, and then by plainer bytes, of which `still` says yes. */
export function minimise(input: Uint8Array, still: (input: Uint8Array) => boolean): Uint8Array {
  let best = input
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length; ) {
      const shorter = new Uint8Array(best.length - Math.min(size, best.length - at))
      shorter.set(best.subarray(0, at))
      shorter.set(best.subarray(at + size), at)
      if (still(shorter)) best = shorter
      else at += size
    }
  }
  for (let at = 0; at < best.length; at++) {
    for (const plain of [0, 0x61]) {
      if (best[at] === plain || best[at] === 0) continue
      const plainer = best.slice()
      plainer[at] = plain
      if (still(plainer)) best = plainer
    }
  }
  return best
}
