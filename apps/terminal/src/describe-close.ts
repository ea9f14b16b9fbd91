/** What a close means to whoever looks, and whether one should come back by oneself. */
export interface CloseMeaning {
  readonly text: string
  readonly comesBack: boolean
}

/** Says it by the close code: what programs end with is 4000 and their status. */
export function describeClose(code: number, reason: string): CloseMeaning {
  if (code === 1000) return { text: 'The program has ended.', comesBack: false }
  if (code >= 4000 && code <= 4255)
    return { text: `The program has ended with status ${code - 4000}.`, comesBack: false }
  if (code === 4404) return { text: 'This session is over.', comesBack: false }
  if (code === 1008 || code === 1011)
    return { text: reason === '' ? 'The server has closed it.' : `${reason}.`, comesBack: false }
  // Lost, restarted, full: it may be there again in a moment.
  return { text: 'The connection is lost.', comesBack: true }
}
