import type { HubOptions } from '@wigwag/hub'
import type { ApiOptions, ChannelEndpointOptions, CreateHubOptions } from '@wigwag/hub/node'
import { type ServedSessions, serveSessions } from './served-sessions.ts'

export const API_KEY = 'a key of a back end'.replaceAll(' ', '-')

/** What a call is answered with. */
interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of it
  readonly body: any
}

/** A hub whose API is served on a real server. */
export interface ServedApi extends ServedSessions {
  /** Calls a method with the key. A request that is text goes as it is. */
  call(method: string, request?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>
  /** Its result; throws what it is answered with when there is none. */
  result(method: string, request?: unknown): Promise<unknown>
}

/** Serves the API, and sessions, until the test is finished. */
export async function serveApi(
  options: Omit<ChannelEndpointOptions, 'api'> &
    CreateHubOptions &
    Partial<HubOptions> & { readonly api?: Partial<ApiOptions> } = {},
): Promise<ServedApi> {
  const served = await serveSessions({ ...options, api: { keys: API_KEY, ...options.api } })
  const call: ServedApi['call'] = async (method, request = {}, headers = {}) => {
    const response = await fetch(served.url(`/api${method === '' ? '' : `/${method}`}`), {
      method: 'POST',
      body: typeof request === 'string' ? request : JSON.stringify(request),
      headers: { 'x-api-key': API_KEY, ...headers },
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: readJson(text) }
  }
  return {
    ...served,
    call,
    result: async (method, request) => {
      const { body } = await call(method, request)
      if (body.result === undefined) throw new Error(`${method}: ${JSON.stringify(body)}`)
      return body.result
    },
  }
}

/** What is no JSON, as several answers in one, stays text. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
