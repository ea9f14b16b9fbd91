import type { SessionProtocol } from './load-spec.ts'

/** The channel or room that everybody is in. */
const CHANNEL = 'bench'

/** How sessions of one protocol begin, and what they are sent. */
export interface SessionDialect {
  /** Request target of the upgrade. */
  readonly target: string
  /** What a client says, and how the message begins that it waits for before it goes on; said first: nothing, where the server begins. */
  readonly opening: readonly { readonly say?: string; readonly awaited: string }[]
  /** Whether the server pings with messages of its own, and how they are answered. */
  readonly ping?: { readonly text: string; readonly answer: string }
  /** The message that publication `n`, from 0 on, is delivered in. */
  encode(n: number, data: string): string
}

/** Every protocol. Messages are compared byte by byte: what is written here is what each server sends. */
export const SESSION_DIALECTS: Readonly<Record<SessionProtocol, SessionDialect>> = {
  centrifuge: {
    target: '/connection/websocket',
    opening: [
      { say: '{"id":1,"connect":{}}', awaited: '{"id":1,"connect":{' },
      { say: `{"id":2,"subscribe":{"channel":"${CHANNEL}"}}`, awaited: '{"id":2,"subscribe":{' },
    ],
    ping: { text: '{}', answer: '{}' },
    encode: (n, data) => `{"push":{"channel":"${CHANNEL}","pub":{"data":${data},"offset":${n + 1}}}}`,
  },
  'socket.io': {
    target: '/socket.io/?EIO=4&transport=websocket',
    opening: [{ awaited: '0{' }, { say: '40', awaited: '40{' }],
    ping: { text: '2', answer: '3' },
    encode: (_n, data) => `42["publication",${data}]`,
  },
  json: {
    target: '/sub',
    opening: [],
    encode: (_n, data) => `{"channel":"${CHANNEL}","data":${data}}`,
  },
  data: {
    target: '/sub',
    opening: [],
    encode: (_n, data) => data,
  },
}
