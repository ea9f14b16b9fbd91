import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { refuse, WebSocketServer } from '@wigwag/socket'

/**
 * A handler class as Tornado's `WebSocketHandler` is one, over sockets of ours: one object for each connection, with the
 * names that Tornado gives to its methods. Copy it, and take away what you do not need.
 */
export class WebSocketHandler {
  /** How the connection was closed, once it was. */
  close_code
  close_reason
  #socket

  constructor(application, request) {
    this.application = application
    this.request = request
  }

  // ---- yours to override

  /** Before the handshake is answered, maybe asynchronously: `return refuse(401, …)` is a real HTTP answer. */
  prepare() {}
  /** The connection is open. */
  open() {}
  /** A string for a text message, a Uint8Array for a binary one. */
  on_message(_message) {
    throw new Error(`${this.constructor.name} has no on_message`)
  }
  on_close() {}
  on_ping(_data) {}
  on_pong(_data) {}
  /** Which web pages may connect. Requests without an Origin come from no page, and are not asked about. */
  check_origin(origin) {
    return URL.canParse(origin) && new URL(origin).host === this.request.headers.get('host')?.toLowerCase()
  }

  // ---- yours to call

  /** Sends text, bytes with `binary`, or anything else as JSON. Throws when the connection is closed. */
  write_message(message, binary = false) {
    const data = typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message)
    const status = this.#socket?.send(binary ? Buffer.from(data) : Buffer.from(data).toString()) ?? 'closed'
    if (status === 'closed') throw new Error('The connection is closed: nothing can be sent.')
    return status
  }

  close(code, reason) {
    this.#socket?.close(code, reason)
  }

  ping(data) {
    this.#socket?.ping(data === undefined ? undefined : Buffer.from(data))
  }

  /** A parameter of the query; without `fallback` it must be there. */
  get_argument(name, fallback) {
    const value = this.request.query.getAll(name).at(-1)?.trim() ?? fallback
    if (value === undefined) throw new Error(`The argument ${name} is missing`)
    return value
  }

  get_cookie(name) {
    for (const pair of (this.request.headers.get('cookie') ?? '').split(';')) {
      const [key, ...value] = pair.split('=')
      if (key.trim() === name) return value.join('=').trim()
    }
    return undefined
  }

  /** What a cookie says that we, or a Tornado with the same secret, have signed. */
  get_signed_cookie(name, max_age_days = 31) {
    const signed = this.get_cookie(name)
    return signed && decode_signed_value(this.application.settings.cookie_secret, name, signed, max_age_days)
  }

  /** Called by the application. */
  _opened(socket) {
    this.#socket = socket
    this.open()
  }

  _closed({ code, reason }) {
    this.close_code = code
    this.close_reason = reason
    this.on_close()
  }
}

/** Paths and their handler classes, as `[['/chat', ChatHandler]]`; whatever else is asked for goes to `settings.page`. */
export class Application {
  constructor(routes, settings = {}) {
    this.settings = settings
    const handlers = new Map(routes)
    const { websocket_ping_interval = 25, websocket_max_message_size = 10 * 1024 * 1024, page } = settings
    this.sockets = new WebSocketServer({
      pingIntervalMs: websocket_ping_interval * 1000,
      maxMessageBytes: websocket_max_message_size,
      // Each handler decides for itself.
      allowOrigins: 'any',
      authorize: async (request) => {
        const Handler = handlers.get(request.path)
        if (Handler === undefined) return refuse(404, 'There is no WebSocket here.')
        const handler = new Handler(this, request)
        const origin = request.headers.get('origin')
        if (origin !== undefined && !handler.check_origin(origin))
          return refuse(403, 'Cross origin websockets not allowed')
        return (await handler.prepare()) ?? handler
      },
      open: (socket) => socket.data._opened(socket),
      message: (socket, message) => socket.data.on_message(message),
      ping: (socket, data) => socket.data.on_ping(data),
      pong: (socket, data) => socket.data.on_pong(data),
      close: (socket, outcome) => socket.data._closed(outcome),
    })
    this.http = createServer(page ?? ((_request, response) => response.writeHead(404).end('Not Found\n')))
    this.sockets.attach(this.http)
  }

  listen(port, address) {
    return new Promise((resolve) => this.http.listen(port, address, () => resolve(this.http.address())))
  }
}

/** Signs a cookie's value, in the form (version 2) that Tornado has. */
export function create_signed_value(secret, name, value, now = Date.now()) {
  const fields = ['0', String(Math.floor(now / 1000)), name, Buffer.from(value).toString('base64')]
  const signed = `2|${fields.map((field) => `${field.length}:${field}`).join('|')}|`
  return signed + sign(secret, signed)
}

/** The value, or nothing when the signature is not ours, the name another, or the age too great. */
export function decode_signed_value(secret, name, signed, max_age_days = 31, now = Date.now()) {
  const end = signed.lastIndexOf('|') + 1
  const given = Buffer.from(signed.slice(end))
  const expected = Buffer.from(sign(secret, signed.slice(0, end)))
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  const [version, , timestamp, signedName, value] = signed.split('|').map((field) => field.replace(/^\d+:/, ''))
  const isOld = Number(timestamp) * 1000 < now - max_age_days * 24 * 60 * 60 * 1000
  return version === '2' && signedName === name && !isOld ? Buffer.from(value, 'base64').toString() : undefined
}

function sign(secret, text) {
  if (!secret) throw new Error('Signed cookies need the setting cookie_secret')
  return createHmac('sha256', secret).update(text).digest('hex')
}
