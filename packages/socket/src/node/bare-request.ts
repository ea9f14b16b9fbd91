import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { QuickUpgrade } from '../core/index.ts'

/** A request without its socket, whatever Node thinks. */
const NO_SOCKET = undefined as unknown as Socket

/** The request of an upgrade that no HTTP server has seen. Its socket is made when it is asked for. */
export class BareRequest extends IncomingMessage {
  /** @internal */
  _netSocket: Socket | undefined
  /** @internal */
  readonly _makeSocket: () => Socket
  /** @internal Whether it upgrades, as Node sets it. */
  declare upgrade: boolean

  /** The request keeps `rawHeaders`, and programs may change them. */
  constructor(
    { method, target, rawHeaders }: Pick<QuickUpgrade, 'method' | 'target' | 'rawHeaders'>,
    makeSocket: () => Socket,
  ) {
    super(NO_SOCKET)
    this._makeSocket = makeSocket
    // Its own and not the class's: frameworks give requests another prototype.
    Object.defineProperty(this, 'socket', SOCKET)
    this.method = method
    this.url = target
    this.httpVersion = '1.1'
    this.httpVersionMajor = 1
    this.httpVersionMinor = 1
    // Node's own way to fill in `headers` (when they are asked for), of which repeated lines have rules of their own; there
    // is no public one.
    const inside = this as unknown as Inside
    inside._addHeaderLines(rawHeaders, rawHeaders.length)
    this.upgrade = true
    this.complete = true
    // There is no body. `push(null)` comes to the same, and costs a tick, in which nobody listens yet.
    inside._readableState.ended = true
  }
}

/** What a request of Node is made of. */
interface Inside {
  _addHeaderLines(headers: readonly string[], count: number): void
  readonly _readableState: { ended: boolean }
}

const SOCKET: PropertyDescriptor = {
  configurable: true,
  enumerable: true,
  get(this: BareRequest): Socket {
    this._netSocket ??= this._makeSocket()
    return this._netSocket
  },
  set(this: BareRequest, socket: Socket | undefined) {
    this._netSocket = socket
  },
}
// What Node sets while it makes a request must not become a field: that would have to be taken away again.
Object.defineProperty(BareRequest.prototype, 'socket', SOCKET)
// To programs it is what it stands for.
Object.defineProperty(BareRequest.prototype, 'constructor', { value: IncomingMessage })
