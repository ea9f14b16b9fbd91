/** What the driver asks of a socket. Sockets of `net` and `tls` have it, and so has `BareSocket`. */
export interface DriverSocket {
  readonly writable: boolean
  readonly writableEnded: boolean
  readonly writableLength: number
  readonly destroyed: boolean
  readonly closed: boolean
  readonly remoteAddress?: string | undefined
  readonly localAddress?: string | undefined
  write(data: Uint8Array | string, written?: (error?: Error | null) => void): unknown
  end(): unknown
  end(data: string): unknown
  destroy(error?: Error): unknown
  pause(): unknown
  resume(): unknown
  cork(): void
  uncork(): void
  on(event: 'close', listener: () => void): unknown
  once(event: 'close' | 'end', listener: () => void): unknown
  off(event: 'close' | 'end', listener: () => void): unknown
}

/** Who is told what a socket reads, and how it ends. One object may listen to many sockets. */
export interface SocketReader {
  /** Bytes came: the first `end` of `buffer`, which is only lent until this returns. */
  socketRead(buffer: Uint8Array, end: number, socket: DriverSocket): void
  /** The same, and the bytes are the reader's from here on. */
  socketChunk(chunk: Uint8Array, socket: DriverSocket): void
  /** The peer will send no more. */
  socketEnded(socket: DriverSocket): void
  /** The connection broke; `socketClosed` follows. */
  socketFailed(error: Error, socket: DriverSocket): void
  /** The last call. */
  socketClosed(socket: DriverSocket): void
  /** The connection has become another socket, which is to be read, and read from here on. */
  socketMoved?(socket: DriverSocket): void
}
