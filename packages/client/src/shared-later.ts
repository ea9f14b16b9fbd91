import { closeReason } from './reason/close-reason.ts'
import type { SharedTransportOptions } from './tabs/shared.ts'
import type { OpenTransport, Transport } from './transport/transport.ts'

/** The same as `shared`, which is loaded when it is needed: pages that do not share do not load it. */
export function sharedLater(options: SharedTransportOptions): Transport {
  let transport: Transport | undefined
  return {
    name: 'shared',
    open: (url, sink) => {
      let line: OpenTransport | undefined
      let isOver = false
      const open = async (): Promise<void> => {
        try {
          const { shared } = await import('./tabs/shared.ts')
          transport ??= shared(options)
          if (!isOver) line = transport.open(url, sink)
        } catch (cause) {
          if (!isOver) sink.closed(closeReason('unreachable', { text: String(cause), cause }))
        }
      }
      void open()
      return {
        get over() {
          return line?.over
        },
        // Nobody sends before the greeting.
        send: (text) => line?.send(text),
        close: (reason) => {
          isOver = true
          line?.close(reason)
        },
      }
    },
  }
}
