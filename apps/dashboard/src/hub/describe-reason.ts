import type { CloseReason, CloseReasonName } from '@wigwag/client'

/** What went wrong, in plain words and with what to do where something can be done; nothing where nothing did. */
export function describeReason(reason: CloseReason): string | undefined {
  const { name, retryable, advice } = reason
  if (AS_WISHED.has(name)) return undefined
  const words = `${WORDS[name] ?? 'The server closed the connection'}${said(reason)}.`
  return retryable ? words : `${words} ${advice}`
}

/** What somebody asked for is no trouble. */
const AS_WISHED: ReadonlySet<CloseReasonName> = new Set(['initial', 'connectCalled', 'disconnectCalled', 'movedUp'])

const WORDS: Readonly<Partial<Record<CloseReasonName, string>>> = {
  lost: 'The line was cut',
  unreachable: 'The server cannot be reached. Check that it is running',
  offline: 'There is no network',
  forbidden: 'The server does not let this page in',
  notFound: 'There is no Wigwag server at this address',
  webSocketBlocked: 'WebSocket does not get through here',
  connectTimeout: 'The server did not answer in time',
  noPing: 'The line went silent',
  replyTimeout: 'The server did not answer in time',
  sendFailed: 'What this page says does not get through',
  refusedForNow: 'The server has no room right now',
  refused: 'The server refused the connection',
  notAHub: 'What answers there is no Wigwag server',
  shutdown: 'The server is restarting',
  slow: 'This page was too slow for what came',
  internal: 'The server ran into an error',
}

/** The other side's own words, where they say more than ours. */
function said({ name, code, text }: CloseReason): string {
  // Nobody has said anything: what a browser makes of that tells no more.
  if (name === 'unreachable') return ''
  const isNews = text !== name && !/^code \d+$/.test(text) && text !== ''
  const about = [code !== undefined && code !== ABNORMAL ? `code ${code}` : '', isNews ? text.replace(/\.$/, '') : '']
  const told = about.filter((each) => each !== '').join(': ')
  return told === '' ? '' : ` (${told})`
}

/** What browsers say when there was no Close frame (RFC 6455 §7.1.5): it tells nothing. */
const ABNORMAL = 1006
