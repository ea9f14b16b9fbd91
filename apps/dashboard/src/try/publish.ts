import { describeRefusal, readRefusal } from './refusal.ts'

export type DataKind = 'text' | 'json'

export type PublishResult =
  | { readonly ok: true; readonly offset: number | undefined }
  | { readonly ok: false; readonly problem: string }

const CONTENT_TYPE: Readonly<Record<DataKind, string>> = {
  text: 'text/plain;charset=utf-8',
  json: 'application/json',
}

/** Says why data cannot be published as it is, or nothing. */
export function checkData(kind: DataKind, text: string): string | undefined {
  if (text === '') return 'Write a message first.'
  if (kind === 'text') return undefined
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return `This is not valid JSON, so nothing was sent: ${why}. Text needs "quotes" in JSON; to send it as it is, choose Text.`
  }
}

/** As `curl -d` does, connected or not. The text goes as typed: a JSON number keeps its digits. */
export async function publish(url: URL, kind: DataKind, text: string): Promise<PublishResult> {
  try {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': CONTENT_TYPE[kind] }, body: text })
    if (response.ok) return { ok: true, offset: offsetOf(await response.json().catch(() => undefined)) }
    const { status, text: said } = await readRefusal(response)
    return { ok: false, problem: describeRefusal('The server did not publish it', status, said) }
  } catch {
    return {
      ok: false,
      problem: `Not published. The server cannot be reached. Check that it is running. Your message is still here.`,
    }
  }
}

function offsetOf(reply: unknown): number | undefined {
  if (typeof reply !== 'object' || reply === null || !('offset' in reply)) return undefined
  return typeof reply.offset === 'number' ? reply.offset : undefined
}
