/** An HTTP status that is not a success, and what the server wrote with it. */
export interface Refusal {
  readonly status: number
  readonly text: string
}

/** A proxy may answer with a whole page: more than this is not for people. */
const MAX_TEXT_LENGTH = 500

/** The server's own words come first: they say what to do. */
export function describeRefusal(what: string, status: number, text: string): string {
  const said = text.trim()
  return said === '' ? `${what} with status ${status} and said no more.` : `${what} (${status}): ${said}`
}

export async function readRefusal(response: Response): Promise<Refusal> {
  const { status } = response
  const type = response.headers.get('content-type') ?? ''
  if (!/^(text\/plain|application\/(problem\+)?json)\b/i.test(type)) return { status, text: '' }
  const text = (await response.text()).trim()
  return { status, text: text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text }
}
