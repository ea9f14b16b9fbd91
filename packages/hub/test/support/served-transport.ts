import type { TransportFactory, TransportSubjectOptions } from '@wigwag/hub/testing'
import { DisconnectCode } from '@wigwag/protocol'
import type { WireTransport } from '@wigwag/testkit'
import { onTestFinished } from 'vitest'
import { serveChannels } from './served-channels.ts'

/** Subjects of the transport contract: a hub on a real server, followed over a transport by hand. */
export function servedTransport(transport: WireTransport): TransportFactory {
  return async ({ historySize, maxQueuedBytes, keepaliveMs }: TransportSubjectOptions) => {
    let slowSessions = 0
    const { hub, port, endpoint } = await serveChannels({
      history: { size: historySize, maxBytes: 2 ** 26 },
      maxTotalBytes: 2 ** 28,
      maxQueuedBytes,
      maxPollBytes: maxQueuedBytes,
      pingIntervalMs: keepaliveMs,
      maxPollWaitMs: keepaliveMs,
      // A session that polls is there until then, whether its client is or not.
      sessionPollGapMs: 1500,
      sessions: {
        pingIntervalMs: keepaliveMs,
        pongTimeoutMs: Math.min(8000, keepaliveMs),
        maxRecoveredPublications: historySize,
      },
      onDisconnect: (_session, { code }) => {
        if (code === DisconnectCode.slow) slowSessions++
      },
      outbox: { maxQueuedBytes, highWaterMarkBytes: Math.min(maxQueuedBytes, 65_536) },
    })
    return {
      ...transport,
      isAsked: transport.carrier === 'poll' || transport.carrier === 'long-poll',
      open: async (channel, after) => {
        const reader = await transport.open(port, { channel, ...(after && { after }) })
        onTestFinished(() => reader.cut())
        return reader
      },
      publish: async (channel, data) => (await hub.publish(channel, data)).position,
      removeHistory: (channel) => hub.removeHistory(channel),
      subscriptions: () => hub.stats.subscriptions,
      slowReaders: () =>
        slowSessions + endpoint.stats.webSocket.dropped + endpoint.stats.sse.dropped + endpoint.stats.ndjson.dropped,
      turn: () => new Promise((resolve) => setImmediate(resolve)),
      drain: () => hub.drain({ overMs: 50 }),
    }
  }
}
