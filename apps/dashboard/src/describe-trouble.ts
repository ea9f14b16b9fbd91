import type { CloseInfo, Trouble } from './connection-state.ts'

/** What went wrong, in plain words and with what to do where something can be done. */
export function describeTrouble(trouble: Trouble): string {
  switch (trouble.type) {
    case 'closed':
      return describeClose(trouble.close)
    case 'asking':
      return 'The connection could not be opened. Asking the server why…'
    case 'refused':
      return describeRefusal('The server refused the connection', trouble.status, trouble.text)
    case 'unreachable':
      return UNREACHABLE
    case 'no-upgrade':
      return 'The server answers over HTTP, but the WebSocket could not be opened. If there is a proxy in between, check that it passes WebSocket upgrades on.'
    case 'timed-out':
      return 'The server did not answer in time.'
  }
}

export const UNREACHABLE = 'The server cannot be reached. Check that it is running.'

/** The server's own words come first: they say what to do. */
export function describeRefusal(what: string, status: number, text: string): string {
  const said = text.trim()
  return said === '' ? `${what} with status ${status} and said no more.` : `${what} (${status}): ${said}`
}

function describeClose({ code, reason }: CloseInfo): string {
  if (code === 1006) return 'The line was cut.'
  const words = CLOSE_WORDS[code] ?? 'The server closed the connection'
  const repeats = words.toLowerCase().includes(reason.toLowerCase())
  return `${words} (close code ${code}${repeats ? '' : `: ${reason}`}).`
}

/** RFC 6455 §7.4.1 and the IANA registry. */
const CLOSE_WORDS: Readonly<Record<number, string>> = {
  1000: 'The server closed the connection normally',
  1001: 'The server is going away',
  1002: 'The server found a protocol error',
  1005: 'The server closed the connection without saying why',
  1008: 'The server’s policy does not allow this connection',
  1009: 'A message was too big',
  1011: 'The server ran into an error',
  1012: 'The server is restarting',
  1013: 'The server is too busy right now',
}
