import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { type QuickUpgrade, readQuickUpgrade } from '../core/index.ts'
import { BareSocket } from './bare-socket.ts'
import type { Sleeper } from './deadline-wheel.ts'
import type { DriverSocket, SocketReader } from './driver-socket.ts'
import { LiveList } from './live-list.ts'
import { type BareHandle, bareHandleOf } from './native-io.ts'
import { ServerCount } from './server-count.ts'
import { wheel } from './socket-driver.ts'

/** What a listening server has underneath: it is called for each connection. */
interface ListeningHandle {
  onconnection?: (this: unknown, status: number, connection: unknown) => void
}

/** Who stands behind the door. */
export interface BareDoorOwner {
  readonly handshakeTimeoutMs: number
  readonly maxHeaderBytes: number
  /** Whether an upgrade is for us; if not, the HTTP server has it. */
  serves(head: QuickUpgrade): boolean
  /** The socket keeps what comes. */
  upgrade(head: QuickUpgrade, socket: BareSocket): void
  /** Whether connections are taken now; if not, the HTTP server has them from the first byte. Default: all are. */
  takes?(): boolean
  /** Whether the HTTP server counts the connections taken from it, so that its `close` waits for them. Default false. */
  readonly counts?: boolean
}

/** What Node answers a client with that has not sent a request in time. */
const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'

/**
 * Takes connections from an HTTP server of our own before it has made anything of them: a parser and a socket of `net`
 * cost more than all the rest of an opening handshake. One that begins with the whole head of an upgrade, as nearly every
 * client sends it, is upgraded without them; any other goes to the HTTP server with what it has sent, as if it came
 * from there: what is refused, how and when, is Node's to decide.
 */
export class BareDoor implements SocketReader, Sleeper {
  readonly #owner: BareDoorOwner
  readonly #count: ServerCount | undefined
  readonly #listening: ListeningHandle
  readonly #toServer: NonNullable<ListeningHandle['onconnection']>
  /** Connections that have sent nothing yet, the longest waiting first. */
  readonly #waiting = new LiveList<BareSocket>()
  /** Connections that came in here and are open, in whatever hands. */
  #open = 0
  readonly #gone = (): void => {
    this.#open--
    if (this.#open === 0) this.#emptied?.()
  }
  #emptied: (() => void) | undefined
  /** The socket that the server has made last. */
  #adopted: Socket | undefined
  wheelSlot = -1

  private constructor(
    server: HttpServer,
    listening: ListeningHandle,
    toServer: NonNullable<ListeningHandle['onconnection']>,
    owner: BareDoorOwner,
    count: ServerCount | undefined,
  ) {
    this.#owner = owner
    this.#count = count
    this.#listening = listening
    this.#toServer = toServer
    server.prependListener('connection', (socket: Socket) => {
      this.#adopted = socket
    })
    const accept = (status: number, connection: unknown): void => {
      const handle = status === 0 ? bareHandleOf(connection) : undefined
      if (handle === undefined || owner.takes?.() === false) toServer.call(listening, status, connection)
      else this.#accept(handle)
    }
    listening.onconnection = accept
  }

  /** Puts a door before a server that listens; none where connections do not look as expected. */
  static open(server: HttpServer, owner: BareDoorOwner): BareDoor | undefined {
    const { _handle: listening } = server as HttpServer & { _handle?: ListeningHandle | null }
    const toServer = listening?.onconnection
    if (typeof toServer !== 'function') return undefined
    const count = owner.counts === true ? ServerCount.of(server) : undefined
    if (owner.counts === true && count === undefined) return undefined
    return new BareDoor(server, listening as ListeningHandle, toServer, owner, count)
  }

  /**
   * Drops those who have sent nothing yet; resolves when all others are closed, too, as a server of `net` does for those
   * that it knows. The server is closed by its owner.
   */
  async close(): Promise<void> {
    wheel.remove(this)
    for (const socket of this.#waiting) socket.destroy()
    if (this.#open === 0) return
    await new Promise<void>((resolve) => {
      this.#emptied = resolve
    })
  }

  // ---- told by sockets

  socketRead(buffer: Uint8Array, end: number, socket: DriverSocket): void {
    const bare = socket as BareSocket
    this.#waiting.delete(bare)
    bare.readTo(undefined)
    this.#enter(bare, buffer, end)
    // Behind the socket's own waiting, so that the wheel need not stop in between.
    if (this.#waiting.size === 0) wheel.remove(this)
  }

  socketChunk(chunk: Uint8Array, socket: DriverSocket): void {
    this.socketRead(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length), chunk.length, socket)
  }

  socketEnded(socket: DriverSocket): void {
    socket.end()
  }

  socketFailed(): void {}

  socketClosed(socket: DriverSocket): void {
    this.#waiting.delete(socket as BareSocket)
    if (this.#waiting.size === 0) wheel.remove(this)
  }

  // ---- told by the wheel

  get deadlineMs(): number {
    return this.#waiting.first?.deadlineMs ?? Infinity
  }

  wake(nowMs: number): void {
    for (const socket of this.#waiting) {
      if (socket.deadlineMs > nowMs) return
      this.#waiting.delete(socket)
      socket.write(TIMED_OUT)
      socket.destroy()
    }
  }

  #accept(handle: BareHandle): void {
    handle.setNoDelay(true)
    this.#open++
    const socket = new BareSocket(handle, this, this.#gone)
    socket.deadlineMs = Math.ceil(wheel.refresh() + this.#owner.handshakeTimeoutMs)
    if (this.#count !== undefined) {
      this.#count.more(1)
      socket.countIn(this.#count)
    }
    this.#waiting.add(socket)
    if (this.#waiting.size === 1) wheel.add(this)
  }

  /** The first bytes of a connection. */
  #enter(bare: BareSocket, buffer: Uint8Array, end: number): void {
    const { maxHeaderBytes } = this.#owner
    const bytes = buffer as Buffer
    const head = readQuickUpgrade(bytes.toString('latin1', 0, Math.min(end, maxHeaderBytes)))
    if (head === undefined || !this.#owner.serves(head)) {
      bare.keep(buffer, 0, end)
      if (this.#count !== undefined) {
        bare.countIn(undefined)
        this.#count.more(-1)
      }
      bare.handOver((handle) => this.#adopt(handle))
    } else {
      bare.keep(buffer, head.headBytes, end)
      // A string of its own: a part of `text` would keep all of it in memory as long as the socket knows its target.
      const target = bytes.toString('latin1', 4, 4 + head.target.length)
      this.#owner.upgrade({ ...head, target }, bare)
    }
  }

  /** Has the server make a socket of a handle. */
  #adopt(handle: BareHandle): Socket | undefined {
    this.#adopted = undefined
    this.#toServer.call(this.#listening, 0, handle)
    const adopted = this.#adopted
    this.#adopted = undefined
    return adopted
  }
}
