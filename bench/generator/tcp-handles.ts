/**
 * What `node:net` is made of. None of it is documented: where something is missing, a load is made by `node:net`, at two
 * to three times the price.
 */

/** The handle of a TCP connection. */
export interface TcpHandle {
  /** Called for each read, and for its end. */
  onread: () => void
  useUserBuffer(buffer: Uint8Array): void
  connect(request: ConnectRequest, address: string, port: number): number
  readStart(): number
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  setNoDelay(on: boolean): number
  close(): void
}

/** A request to connect, to be told of it. */
export interface ConnectRequest {
  oncomplete: (status: number) => void
}

/** A request to write; it is used up only by a write that the kernel does not take at once. */
export interface WriteRequest {
  oncomplete: (status: number) => void
  buffer: Uint8Array
}

/** The parts of Node's bindings that a client needs. */
export interface TcpHandles {
  readonly TCP: { new (type: number): TcpHandle; readonly prototype: Partial<TcpHandle> }
  /** What a `TCP` is for: a connection of ours. */
  readonly socketType: number
  readonly TCPConnectWrap: new () => ConnectRequest
  readonly WriteWrap: new () => WriteRequest
  /** What the last read and the last write came to, by the two indices below. */
  readonly streamBaseState: Int32Array
  readonly kReadBytesOrError: number
  readonly kLastWriteWasAsync: number
}

const METHODS = ['useUserBuffer', 'connect', 'readStart', 'writeBuffer', 'setNoDelay', 'close'] as const

/** The handles of this Node, if it has them as they are expected. */
export function loadTcpHandles(): TcpHandles | undefined {
  try {
    const { binding } = process as unknown as { binding(name: string): Record<string, unknown> }
    const { TCP, TCPConnectWrap, constants } = binding('tcp_wrap') as Partial<TcpHandles> & {
      constants?: { SOCKET?: number }
    }
    const { WriteWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = binding(
      'stream_wrap',
    ) as Partial<TcpHandles>
    const socketType = constants?.SOCKET
    const parts = { TCP, socketType, TCPConnectWrap, WriteWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync }
    if (Object.values(parts).includes(undefined)) return undefined
    return METHODS.every((name) => typeof TCP?.prototype[name] === 'function') ? (parts as TcpHandles) : undefined
  } catch {
    return undefined // another runtime, or the permission model forbids it
  }
}
