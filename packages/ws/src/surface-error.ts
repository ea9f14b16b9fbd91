import { nextTick } from '@wigwag/socket/driver'

/** Throws `error` outside everything that is running now, where nothing of ours catches it: an uncaught exception. */
export function surfaceError(error: unknown, before?: () => void): void {
  nextTick(() => {
    before?.()
    throw error
  })
}
