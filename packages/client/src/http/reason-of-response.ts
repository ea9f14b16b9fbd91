import { type CloseReason, closeReason, type OwnReasonName } from '../reason/close-reason.ts'

/** Of what an answer says as much is told, in UTF-16 code units. */
const MAX_TEXT_LENGTH = 300

/** What keeps a connection from coming to be, by the status that tells. */
const BY_STATUS: Readonly<Record<number, OwnReasonName>> = {
  401: 'forbidden',
  403: 'forbidden',
  404: 'notFound',
  426: 'webSocketBlocked',
}

/** What it means that a request was answered so, where that is not the answer: by its status, and else `name`. */
export async function reasonOfResponse(response: Response, name: OwnReasonName): Promise<CloseReason> {
  const { status, headers } = response
  const isText = headers.get('content-type')?.startsWith('text/plain')
  const said = isText ? (await response.text()).trim().slice(0, MAX_TEXT_LENGTH) : ''
  if (!isText) await response.body?.cancel()
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const details = {
    code: status,
    text: said || (status === 0 ? 'a redirect' : `HTTP status ${status}`),
    // At once, and at once again, is no time to come back at.
    ...(seconds > 0 && { delayMs: seconds * 1000 }),
  }
  if (status === 413) return closeReason('messageTooLarge', details)
  if (status === 429 || status === 503) return closeReason('refusedForNow', details)
  // A page, or a way to one, where packets should be: what answers is something else.
  const why = BY_STATUS[status] ?? (status < 400 ? 'notFound' : name)
  return closeReason(name === 'unreachable' ? why : name, details)
}
