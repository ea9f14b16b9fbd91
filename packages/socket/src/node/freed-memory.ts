/**
 * The GNU allocator gives freed memory at the end of its heap back to the system as soon as that is twice as much as the
 * largest mapping that was ever freed: after messages of 1 MiB, from 2 MiB on. V8 frees the arrays of messages in heaps
 * of 32 MiB and more, so all of it goes back, and each message has every one of its pages mapped and cleared anew, which
 * takes as long as everything else that is done for it. The bound is documented to adapt (mallopt(3),
 * M_MMAP_THRESHOLD), so it is moved above what V8 collects, by freeing a mapping that was never touched.
 */

/** Just below the largest that the allocator adapts to. It costs address space until the next collection. */
const UNTOUCHED_BYTES = 31 * 1024 * 1024
/** How much is allocated in arrays of 16 KiB and more before it is done: who gets there comes back. */
const WORTHWHILE_BYTES = 8 * 1024 * 1024

let leftBytes = process.platform === 'linux' ? WORTHWHILE_BYTES : Infinity

/** Is told of each large array, and has the allocator keep what is freed, up to 62 MiB, once they are many. */
export function noteLargeArray(size: number): void {
  if (leftBytes <= 0) return
  leftBytes -= size
  if (leftBytes > 0) return
  try {
    Buffer.allocUnsafeSlow(UNTOUCHED_BYTES)
  } catch {
    // Without that much address space things stay as they are.
  }
}
