import { assertChannelName, assertIdempotencyKey, assertTags } from '@wigwag/hub'
import { must, unlessRefused } from '../../../../tools/fuzz/fuzz-target.ts'
import { AnswerFault } from '../../src/node/http-hooks/answer-fault.ts'
import {
  connectResult,
  publishResult,
  refreshResult,
  rpcResult,
  subscribeResult,
} from '../../src/node/http-hooks/hook-results.ts'
import { readAnswer } from '../../src/node/http-hooks/read-answer.ts'
import { decodeUtf8 } from '../../src/node/request-body.ts'

/** What a back end answers a hook: it is refused, or a value that the hub can do what it says with. */
export function fuzz(input: Uint8Array): void {
  const text = decodeUtf8(input)
  if (text === undefined) return
  const answer = unlessRefused(() => readAnswer(text), isDocumented)
  if (answer === undefined) return
  switch (answer.type) {
    case 'error':
      must(answer.code >= 100 && answer.code < 2000 && Number.isInteger(answer.code), () => `error ${answer.code}`)
      must(typeof answer.message === 'string' && typeof answer.temporary === 'boolean', 'an error of other types')
      return
    case 'disconnect': {
      const { code, reason } = answer.disconnect
      must(code >= 3000 && code < 5000 && Number.isInteger(code), () => `disconnect ${code}`)
      must(typeof reason === 'string', 'a reason that is no text')
      return
    }
    case 'result': {
      const { error, disconnect } = JSON.parse(text)
      must((error ?? disconnect ?? undefined) === undefined, 'a yes beside a no')
      checkResult(answer.result)
    }
  }
}

function checkResult(result: Readonly<Record<string, unknown>>): void {
  const credentials = unlessRefused(() => connectResult(result), isDocumented)
  if (credentials !== undefined) {
    must(credentials.user === result['user'] && typeof credentials.user === 'string', 'another user')
    checkEnd(credentials.expiresAt)
    for (const channel of credentials.channels ?? []) assertChannelName(channel)
    const { channels = [], channelInfo = new Map() } = credentials
    must(new Set(channels).size === channels.length, 'a channel twice')
    must(
      [...channelInfo.keys()].every((channel) => channels.includes(channel)),
      'info for a channel that is none',
    )
  }
  const asked = { client: 'c', user: 'u', transport: 'websocket', meta: 1 }
  const refreshed = unlessRefused(() => refreshResult(result, asked), isDocumented)
  must(refreshed === undefined || refreshed.user === 'u', 'a refresh makes it somebody else')
  const subscribed = unlessRefused(() => subscribeResult(result), isDocumented)
  checkEnd(subscribed?.expiresAt)
  const published = unlessRefused(() => publishResult(result), isDocumented)
  if (published?.tags !== undefined) assertTags(published.tags)
  if (published?.idempotencyKey !== undefined) assertIdempotencyKey(published.idempotencyKey)
  unlessRefused(() => rpcResult(result), isDocumented)
}

function checkEnd(expiresAt: number | undefined): void {
  must(expiresAt === undefined || (Number.isInteger(expiresAt) && expiresAt > 0), () => `it ends at ${expiresAt}`)
}

function isDocumented(error: unknown): boolean {
  return error instanceof AnswerFault && error.message.length < 300
}

export const seeds: Record<string, string> = {
  yes: '{"result":{}}',
  'who it is': '{"result":{"user":"ada","info":{"name":"Ada"},"meta":1,"data":null,"expire_at":1700000000}}',
  'channels of one': '{"result":{"user":"","channels":["news","a:b"],"subs":{"news":{"info":1},"c":{}}}}',
  'no end': '{"result":{"user":"ada","expire_at":0}}',
  'an end between milliseconds': '{"result":{"user":"ada","expire_at":1700000000.0001}}',
  'a time that is none': '{"result":{"user":"ada","expire_at":1e300}}',
  'its time is up': '{"result":{"expired":true}}',
  'something else is published': '{"result":{"data":[1],"tags":{"a":"b"},"idempotency_key":"k"}}',
  'what is not spoken': '{"result":{"b64data":"eA==","skip_history":true,"version":3,"override":{}}}',
  'what is not meant': '{"result":{"b64data":"","skip_history":false,"version":0,"override":null}}',
  'an error': '{"error":{"code":403,"message":"no","temporary":true}}',
  'an error without words': '{"error":{"code":100}}',
  'a disconnect': '{"disconnect":{"code":4500,"reason":"banned"}}',
  'a yes and a no': '{"result":{"user":"ada"},"error":{"code":400},"disconnect":{"code":3000}}',
  'a yes and a no that is not meant': '{"result":{"user":"ada"},"error":null,"disconnect":null}',
  'a list': '{"result":[]}',
  'a prototype': '{"__proto__":{"result":{"user":"eve"}},"constructor":{}}',
  'a channel of a prototype': '{"result":{"user":"eve","subs":{"__proto__":{"info":1},"constructor":{"info":2}}}}',
  deep: `{"result":{"data":${'['.repeat(255)}${']'.repeat(255)}}}`,
}

export const dictionary: string[] = [
  '"result":',
  '"error":',
  '"disconnect":',
  '"code":',
  '"user":',
  '"channels":',
  '"subs":',
  '"expire_at":',
  '"expired":',
  '"server_tags_filter":',
  '"__proto__":',
  'null',
  'true',
  '-1',
  '1e999',
]
