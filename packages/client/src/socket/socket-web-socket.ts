/** What a message may be on its way out beside JSON. */
export type SocketBytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>

/** What is used of a WebSocket: that of browsers, of Node from 22 on, and of npm's `ws` and `undici`. */
export interface OpenWebSocket {
  binaryType: string
  readonly bufferedAmount: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string | SocketBytes): void
  close(code?: number): void
}

/** Its class. */
export type SocketWebSocket = new (url: string, protocols: string[]) => OpenWebSocket
