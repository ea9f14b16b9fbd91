import { LineSplitter } from '@wigwag/testkit/line-splitter'
import type { Options, TransportEndpoint } from 'centrifuge'
import { EventSource } from 'eventsource'
import { WebSocket } from 'ws'

/** What a test does to the packets of a client of `centrifuge`. */
export interface Tampering {
  /** Whether the client hears what comes: one message. */
  readonly hears?: (text: string) => boolean
  /** Whether what it says goes out. */
  readonly says?: (text: string) => boolean
}

/** A transport in Node whose packets a test loses, and whose reading it stops. */
export interface TamperedTransport {
  readonly endpoints: TransportEndpoint[]
  readonly environment: Partial<Options>
  /** From now on nothing is read. */
  pause(): void
  resume(): void
  /** Pings of the WebSocket itself (count). */
  readonly webSocketPings: number
}

/** Makes one. */
export function tamperWith(
  transport: 'websocket' | 'http_stream' | 'sse',
  port: number,
  { hears = () => true, says = () => true }: Tampering = {},
): TamperedTransport {
  const sockets: WebSocket[] = []
  let webSocketPings = 0
  let gate: Promise<void> | undefined
  let open = (): void => {}

  class TamperedWebSocket extends WebSocket {
    constructor(url: string) {
      super(url)
      sockets.push(this)
      this.on('ping', () => {
        webSocketPings++
      })
      listenOnlyTo(this)
    }

    override send(data: string): void {
      if (says(data)) super.send(data)
    }
  }

  class TamperedEventSource extends EventSource {
    constructor(url: string) {
      super(url, { fetch: async (input, init) => gated(await fetch(input, init)) })
      listenOnlyTo(this)
    }
  }

  /** Where the client listens. */
  function listenOnlyTo(source: object): void {
    Object.defineProperty(source, 'onmessage', {
      set: (listener: (event: { data: string }) => void) => {
        const { addEventListener } = source as EventTarget
        addEventListener.call(source, 'message', (event) => {
          const heard = event as unknown as { data: string }
          if (hears(heard.data)) listener(heard)
        })
      },
    })
  }

  function gated(response: Response): Response {
    const passing = new TransformStream<Uint8Array, Uint8Array>(
      {
        transform: async (chunk, controller) => {
          await gate
          controller.enqueue(chunk)
        },
      },
      { highWaterMark: 1 },
      { highWaterMark: 0 },
    )
    const { status, headers } = response
    return new Response(response.body?.pipeThrough(passing) ?? null, { status, headers })
  }

  function losing(response: Response): Response {
    const encoder = new TextEncoder()
    const lines = new LineSplitter()
    const heard = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        for (const line of lines.take(chunk)) if (hears(line)) controller.enqueue(encoder.encode(`${line}\n`))
      },
    })
    const { status, headers } = response
    return new Response(response.body?.pipeThrough(heard) ?? null, { status, headers })
  }

  const origin = `http://127.0.0.1:${port}`
  const tamperedFetch: typeof fetch = async (input, init) => {
    const isEmulation = String(input).endsWith('/emulation')
    if (!isEmulation) return losing(gated(await fetch(input, init)))
    const { data } = JSON.parse(String(init?.body)) as { data: string }
    return says(data) ? fetch(input, init) : new Response(null, { status: 204 })
  }
  const scheme = transport === 'websocket' ? 'ws' : 'http'
  return {
    endpoints: [{ transport, endpoint: `${scheme}://127.0.0.1:${port}/connection/${transport}` }],
    environment: {
      websocket: TamperedWebSocket,
      eventsource: TamperedEventSource,
      fetch: tamperedFetch,
      emulationEndpoint: `${origin}/emulation`,
    },
    pause: () => {
      for (const socket of sockets) socket.pause()
      gate = new Promise((resolve) => {
        open = resolve
      })
    },
    resume: () => {
      for (const socket of sockets) socket.resume()
      gate = undefined
      open()
    },
    get webSocketPings() {
      return webSocketPings
    },
  }
}
