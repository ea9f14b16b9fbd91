import { EventStreamReader } from './event-stream-reader.ts'
import { LineStreamReader } from './line-stream-reader.ts'
import { PollReader } from './poll-reader.ts'
import { openEventStreamLine, openHttpStreamLine, openLongPollLine, openWebSocketLine } from './session-lines.ts'
import { type OpenPacketLine, SessionReader, type SessionReaderOptions } from './session-reader.ts'
import { WebSocketReader } from './web-socket-reader.ts'
import type { ReaderOptions, WireReader } from './wire-reader.ts'

/** A way to follow a channel, by hand: what a transport does, and what of it is its own. */
export interface WireTransport<Options extends ReaderOptions = SessionReaderOptions> {
  readonly name: string
  /** By the channel's URL, or as a session. */
  readonly face: 'channel' | 'session'
  readonly carrier: 'websocket' | 'sse' | 'http-stream' | 'long-poll' | 'poll'
  /** Whether subscribers are told where they stand. Where not, delivery is at most once. */
  readonly tellsPositions: boolean
  /** What comes behind a gap: what history still holds, what is published from then on, or nothing as the connection ends. */
  readonly afterGap: 'held' | 'live' | 'end'
  /** Whether it finds nothing in a channel without history. */
  readonly needsHistory: boolean
  /** Comes in at a port of 127.0.0.1. Rejects with `ReaderRefused`. */
  open(port: number, options: Options): Promise<WireReader>
}

/** How long a poll waits for its answer, in seconds. */
const WAIT_SECONDS = 20

function channelTransport(
  carrier: WireTransport['carrier'],
  open: (port: number, options: ReaderOptions) => Promise<WireReader>,
  more: Partial<WireTransport> = {},
): WireTransport {
  const name = `${carrier}, a channel's URL`
  return { name, face: 'channel', carrier, tellsPositions: true, afterGap: 'held', needsHistory: false, open, ...more }
}

function sessionTransport(carrier: WireTransport['carrier'], openLine: OpenPacketLine): WireTransport {
  return {
    name: `${carrier}, a session`,
    face: 'session',
    carrier,
    tellsPositions: true,
    afterGap: 'live',
    needsHistory: false,
    open: (port, options) => SessionReader.open(port, options, openLine),
  }
}

/** All that there are. Plain polls ask every `intervalMs`. */
export function wireTransports(intervalMs: number): readonly WireTransport[] {
  return [
    channelTransport('websocket', (port, options) => WebSocketReader.open(port, options, 'lines')),
    channelTransport('websocket', (port, options) => WebSocketReader.open(port, options, 'data'), {
      name: "websocket with the data alone, a channel's URL",
      tellsPositions: false,
      afterGap: 'end',
    }),
    channelTransport('sse', (port, options) => EventStreamReader.open(port, options)),
    channelTransport('http-stream', (port, options) => LineStreamReader.open(port, options)),
    channelTransport('long-poll', (port, options) => PollReader.open(port, options, { waitSeconds: WAIT_SECONDS })),
    channelTransport('poll', (port, options) => PollReader.open(port, options, { intervalMs }), {
      needsHistory: true,
    }),
    sessionTransport('websocket', openWebSocketLine),
    sessionTransport('sse', openEventStreamLine),
    sessionTransport('http-stream', openHttpStreamLine),
    sessionTransport('long-poll', openLongPollLine),
  ]
}

/** All that there are, with polls that ask often. */
export const WIRE_TRANSPORTS: readonly WireTransport[] = wireTransports(5)
