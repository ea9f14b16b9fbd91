import type { MessageType } from '@wigwag/socket/core'
import type { Pump } from '@wigwag/socket/driver'
import { type RareStateOwner, rareStateOf } from './rare-state.ts'
import { describeReadyState, ReadyState } from './ready-state.ts'
import { SendQueue } from './send-queue.ts'
import type { SocketOwner } from './socket-context.ts'
import { surfaceError } from './surface-error.ts'
import { EMPTY, isBlob, toBytes } from './to-bytes.ts'

/** Called when what was sent has been written, or with the error that kept it from being. */
export type Sent = (error?: Error | null) => void

/** How one message is sent. */
export interface WsSendOptions {
  /** Whether it is binary. Default: unless it is a string. */
  readonly binary?: boolean | undefined
  /** Whether it is compressed, where that was negotiated. Default true: from the threshold on. */
  readonly compress?: boolean | undefined
  /** Whether it is the last fragment of a message. Default true. */
  readonly fin?: boolean | undefined
}

/** What sending needs of a WebSocket. */
export interface SendingSocket extends RareStateOwner {
  readonly _readyState: ReadyState
  readonly _pump: Pump<SocketOwner> | undefined
  readonly _rawSocket: { readonly destroyed: boolean } | null
  /** What was to be sent could not be read. */
  _sendingFailed(error: Error): void
}

/** The core does not copy bytes above this on a server; programs expect that they may use theirs again at once. */
const FLUSH_ABOVE_BYTES = 16 * 1024

/** Sends a message, or a fragment of one. Throws while connecting. */
export function sendMessage(
  socket: SendingSocket,
  data: unknown,
  options: WsSendOptions | undefined,
  sent: Sent | undefined,
): void {
  // Mostly it is one of these, and nothing is made for it or asked twice.
  const isPlain = typeof data === 'string' || data instanceof Uint8Array
  const message = isPlain && socket._readyState === ReadyState.OPEN ? data : sendable(socket, data, sent)
  if (message === REFUSED) return
  // An option that is there counts, even as `undefined`: that is what spreading it over the defaults comes to.
  let isBinary = typeof message !== 'string'
  let compress: boolean | undefined
  let final = true
  if (typeof options === 'object' && options !== null) {
    if ('binary' in options) isBinary = Boolean(options.binary)
    if ('compress' in options && !options.compress) compress = false
    if ('fin' in options) final = Boolean(options.fin)
  }
  const type = isBinary ? 'binary' : 'text'
  if (isPlain && !socket._rare?.queue?.busy) transmit(socket, data, type, final, compress, sent)
  else sendInOrder(socket, message, type, final, compress, sent)
}

/** Sends what has to be read first, or has to wait for what is. */
function sendInOrder(
  socket: SendingSocket,
  message: unknown,
  type: MessageType,
  final: boolean,
  compress: boolean | undefined,
  sent: Sent | undefined,
): void {
  if (isBlob(message)) {
    queueBlob(socket, message, (bytes) => transmit(socket, bytes, type, final, compress, sent), sent)
    return
  }
  const payload = typeof message === 'string' ? message : message ? toBytes(message) : EMPTY
  const queue = socket._rare?.queue
  if (queue?.busy) {
    const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
    queue.add(bytes, () => transmit(socket, payload, type, final, compress, sent))
  } else transmit(socket, payload, type, final, compress, sent)
}

/** Sends a ping or a pong. Throws while connecting, and `RangeError` above 125 bytes. */
export function sendControl(socket: SendingSocket, kind: 'ping' | 'pong', data: unknown, sent: Sent | undefined): void {
  const content = sendable(socket, data, sent)
  if (content === REFUSED) return
  const send = (payload: Uint8Array): void => {
    if (socket._rawSocket?.destroyed) {
      notSent(socket, payload.length, sent)
      return
    }
    socket._pump?.connection[kind](payload)
    if (sent !== undefined) whenWritten(socket, sent)
  }
  if (isBlob(content)) {
    checkControlBytes(content.size)
    queueBlob(socket, content, send, sent)
    return
  }
  const payload = typeof content === 'string' ? Buffer.from(content) : content ? toBytes(content) : EMPTY
  checkControlBytes(payload.length)
  const queue = socket._rare?.queue
  if (queue?.busy) queue.add(payload.length, () => send(Buffer.from(payload)))
  else send(payload)
}

const REFUSED = Symbol('refused')

/** What can be sent now: numbers become text. What cannot, because the socket is closing, is refused. */
function sendable(socket: SendingSocket, data: unknown, sent: Sent | undefined): unknown {
  if (socket._readyState === ReadyState.CONNECTING) throw new Error(describeReadyState(socket._readyState))
  const message = typeof data === 'number' ? String(data) : data
  if (socket._readyState === ReadyState.OPEN) return message
  refuse(socket, message, sent)
  return REFUSED
}

function transmit(
  socket: SendingSocket,
  payload: string | Uint8Array,
  type: MessageType,
  final: boolean,
  compress: boolean | undefined,
  sent: Sent | undefined,
): void {
  const pump = socket._pump as Pump<SocketOwner>
  let accepted: boolean
  if (final && !socket._rare?.fragmenting) accepted = pump.send(payload, compress, type) !== 'closed'
  else {
    rareStateOf(socket).fragmenting = !final
    accepted = pump.sendFragment(payload, final, type)
  }
  if (!accepted) {
    // It waited for a Blob, and the connection ended meanwhile.
    notSent(socket, Buffer.byteLength(payload), sent)
    return
  }
  if (payload.length > FLUSH_ABOVE_BYTES && typeof payload !== 'string') pump.flush()
  if (sent !== undefined) whenWritten(socket, sent)
}

function queueBlob(socket: SendingSocket, blob: Blob, send: (bytes: Uint8Array) => void, sent: Sent | undefined): void {
  const rare = rareStateOf(socket)
  rare.queue ??= new SendQueue()
  rare.queue.addBlob(
    blob,
    (bytes) => {
      if (!socket._rawSocket?.destroyed) send(bytes)
      else notSent(socket, blob.size, sent)
    },
    (error) => {
      sent?.(error)
      socket._sendingFailed(error)
    },
  )
}

function whenWritten(socket: SendingSocket, sent: Sent): void {
  socket._pump?.whenWritten((error) => {
    try {
      sent(error ?? null)
    } catch (failure) {
      surfaceError(failure)
    }
  })
}

/** The connection ended while a Blob was being read: neither that nor what waited behind it is sent. */
function notSent(socket: SendingSocket, bytes: number, sent: Sent | undefined): void {
  rareStateOf(socket).unsentBytes += bytes
  if (sent !== undefined) process.nextTick(sent, new Error('The socket was closed while the blob was being read'))
}

/** Nothing can be sent any more: it is counted, and told to who wants to know. */
function refuse(socket: SendingSocket, data: unknown, sent: Sent | undefined): void {
  if (data) {
    const isText = typeof data === 'string'
    rareStateOf(socket).unsentBytes += isBlob(data)
      ? data.size
      : isText
        ? Buffer.byteLength(data)
        : toBytes(data).length
  }
  if (sent !== undefined) process.nextTick(sent, new Error(describeReadyState(socket._readyState)))
}

function checkControlBytes(bytes: number): void {
  if (bytes > 125) throw new RangeError('The data size must not be greater than 125 bytes')
}
