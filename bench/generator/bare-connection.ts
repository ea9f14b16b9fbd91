import { getSystemErrorName } from 'node:util'
import { CHUNK, type TcpConnection, type TcpOwner } from './tcp-connection.ts'
import type { ConnectRequest, TcpHandle, TcpHandles, WriteRequest } from './tcp-handles.ts'

/** libuv's number for the end of a stream, on every system. */
const EOF = -4095

/** Handles and requests know which connection they belong to. */
const kConnection = Symbol('BareConnection')
type OwnHandle = TcpHandle & { [kConnection]: BareConnection }
type OwnConnect = ConnectRequest & { [kConnection]: BareConnection }
type OwnWrite = WriteRequest & { [kConnection]: BareConnection }

/** All writes that the kernel takes at once have one request. */
let spareRequest: WriteRequest | undefined

/**
 * A connection on a bare handle: a message costs a read, a write and a call, without the streams of `node:net` between.
 * So one generator on one core keeps up with servers that do the same.
 */
export class BareConnection implements TcpConnection {
  readonly #handles: TcpHandles
  readonly #owner: TcpOwner
  #handle: OwnHandle | undefined

  constructor(handles: TcpHandles, port: number, owner: TcpOwner) {
    this.#handles = handles
    this.#owner = owner
    const handle = new handles.TCP(handles.socketType) as OwnHandle
    this.#handle = handle
    handle[kConnection] = this
    handle.onread = BareConnection.#onRead
    handle.useUserBuffer(CHUNK)
    const request = new handles.TCPConnectWrap() as OwnConnect
    request[kConnection] = this
    request.oncomplete = BareConnection.#onConnect
    const status = handle.connect(request, '127.0.0.1', port)
    // The owner does not have it yet.
    if (status < 0) queueMicrotask(() => this.#fail(status, 'connect'))
  }

  write(bytes: Buffer): void {
    const handle = this.#handle
    if (handle === undefined) return
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = this.#handles
    spareRequest ??= new WriteWrap()
    const status = handle.writeBuffer(spareRequest, bytes)
    if (status < 0) this.#fail(status, 'write')
    else if (streamBaseState[kLastWriteWasAsync] !== 0) {
      const request = spareRequest as OwnWrite
      spareRequest = undefined
      request.buffer = bytes
      request[kConnection] = this
      request.oncomplete = BareConnection.#onWritten
    }
  }

  destroy(): void {
    const handle = this.#handle
    this.#handle = undefined
    handle?.close()
  }

  // Called by handles and requests: functions that all connections share.

  static readonly #onConnect = function onConnect(this: OwnConnect, status: number): void {
    this[kConnection].#connect(status)
  }

  static readonly #onRead = function onRead(this: TcpHandle): void {
    ;(this as OwnHandle)[kConnection].#read()
  }

  static readonly #onWritten = function onWritten(this: OwnWrite, status: number): void {
    if (status < 0) this[kConnection].#fail(status, 'write')
  }

  #connect(status: number): void {
    const handle = this.#handle
    if (handle === undefined) return
    if (status < 0) {
      this.#fail(status, 'connect')
      return
    }
    handle.setNoDelay(true)
    const reading = handle.readStart()
    if (reading < 0) this.#fail(reading, 'read')
    else this.#owner.connected()
  }

  #read(): void {
    if (this.#handle === undefined) return
    const { streamBaseState, kReadBytesOrError } = this.#handles
    const result = streamBaseState[kReadBytesOrError] as number
    if (result > 0) this.#owner.received(result)
    else if (result === EOF) {
      this.destroy()
      this.#owner.ended()
    } else if (result < 0) this.#fail(result, 'read')
  }

  #fail(status: number, call: string): void {
    if (this.#handle === undefined) return
    this.destroy()
    this.#owner.failed(`${call} ${getSystemErrorName(status)}`)
  }
}
