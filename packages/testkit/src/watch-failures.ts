/** What nobody caught in this process since `watchFailures`. */
export interface FailureWatch {
  readonly failures: readonly unknown[]
  [Symbol.dispose](): void
}

/** Remembers uncaught exceptions and unhandled rejections, any of which would end a server's process. */
export function watchFailures(): FailureWatch {
  const failures: unknown[] = []
  const remember = (failure: unknown): void => {
    failures.push(failure)
  }
  process.on('uncaughtException', remember).on('unhandledRejection', remember)
  return {
    failures,
    [Symbol.dispose]: () => {
      process.off('uncaughtException', remember).off('unhandledRejection', remember)
    },
  }
}
