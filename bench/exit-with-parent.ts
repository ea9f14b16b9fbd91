/** Ends this process when the process that started it is gone: stdin is a pipe from there. */
export function exitWithParent(): void {
  process.stdin.on('end', () => process.exit()).resume()
}
