import { createHash } from 'node:crypto'
import type { Role } from '@wigwag/socket/core'
import { concatBytes, frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { Fault } from './fault.ts'
import { checkRequest, fieldsOf, properRequest, SAMPLE_KEY, sameExtensions } from './http-heads.ts'
import type { Inbox, InboxEvent } from './inbox.ts'
import type { Line, SubjectApplication } from './line.ts'
import type { Agreed, AskedByClient, Chunking, JudgeFrame, Step } from './step.ts'

/** One connection between the judge and a subject, and the steps that are played on it. Steps throw `Fault`. */
export class Exchange {
  readonly line: Line
  readonly application: SubjectApplication
  /** The subject's. */
  readonly role: Role
  readonly #exact: boolean
  #seen = 0
  /** Whether the judge has ended its direction, or dropped the stream. */
  #left = false
  #requested = false
  #abandoned = false
  #key = SAMPLE_KEY

  /** `exact`: close codes and statuses must be those of the steps. */
  constructor(role: Role, line: Line, application: SubjectApplication, exact: boolean) {
    this.role = role
    this.line = line
    this.application = application
    this.#exact = exact
  }

  /** A proper opening handshake. */
  async open(): Promise<void> {
    if (this.role === 'server') {
      await this.play({ do: 'ask', head: properRequest(), chunks: 'together' })
      await this.play({ do: 'see accepted', agreed: {} })
    } else await this.play({ do: 'answer', head: ({ proper }) => proper, chunks: 'together' })
  }

  async play(step: Step): Promise<void> {
    const { inbox } = this.line
    switch (step.do) {
      case 'send':
        return this.#write(
          step.frames.map((frame) => this.#encode(frame)),
          step.chunks,
        )
      case 'send rest':
        return this.#sendRest(step.payload, step.from, step.to)
      case 'at once':
        await this.line.until(() => this.application.open, 'the opening handshake')
        await Promise.all(step.steps.map((each) => this.play(each)))
        return
      case 'server goes first':
        if (this.role === 'client') await this.play({ do: 'end' })
        await this.#seeEnd()
        return this.play({ do: 'end' })
      case 'end':
        this.#left = true
        return this.line.end()
      case 'reset':
        this.#left = true
        return this.line.reset()
      case 'let time pass':
        return this.line.letTimePass()
      case 'ask':
        this.#key = /^sec-websocket-key:[ \t]*([^ \t\r]+)/im.exec(step.head)?.[1] ?? ''
        return this.#write([Buffer.from(step.head, 'latin1'), ...this.#encodeAll(step.behind)], step.chunks)
      case 'answer':
        return this.#answer(step)
      case 'negotiate':
        return this.#negotiate(step.offer, step.answer)
      case 'have it close':
        if (!this.application.open) await this.line.until(() => this.application.open, 'the opening handshake')
        return this.application.close(step.code, step.reason)
      case 'have it send':
        if (!this.application.open) await this.line.until(() => this.application.open, 'the opening handshake')
        return this.application.send(step.data)
      case 'see message':
        return this.#seeMessage(step.data, step.compressed)
      case 'see pong':
        return this.#seePong(Buffer.from(step.payload))
      case 'see close':
        return this.#seeClose(step.code, step.reason)
      case 'see failure':
        return this.#seeFailure(step.code)
      case 'see end':
        return this.#seeEnd()
      case 'see accepted':
        return this.#seeAccepted(step.agreed)
      case 'see refused':
        return this.#seeRefused(step.statuses, step.headers)
      case 'see handshake failed':
        await this.#request()
        await this.line.until(() => inbox.ended, 'the end of a connection whose opening handshake failed')
        await this.line.until(() => this.application.refused, 'the application to be told that connecting failed')
        return this.#seeEnd()
      case 'see told':
        return this.#seeTold(step.code, step.clean)
      case 'check':
        return step.run(this)
    }
  }

  /** Nothing more is looked at. */
  abandon(): void {
    this.#abandoned = true
  }

  /** Behind the last step: closes what is still open, and looks whether more came than was waited for. */
  async finish(): Promise<void> {
    const { inbox } = this.line
    if (this.#abandoned) return
    if (!inbox.ended && !this.#left && !inbox.closed && (this.role === 'client' || inbox.head?.includes(' 101 '))) {
      await this.play({ do: 'send', frames: [{ opcode: 8, payload: Uint8Array.of(0x03, 0xe8) }], chunks: 'together' })
      await this.#seeClose(1000, undefined)
      if (this.role === 'server') await this.#seeEnd()
    }
    if (!this.#left) this.line.end()
    await this.line.until(() => inbox.ended, 'the end of the connection')
    const more = inbox.events.slice(this.#seen).filter(({ type }) => type !== 'end' && type !== 'ping')
    if (more.length > 0) throw new Fault(`more came than was to be: ${more.map(describe).join(', ')}`)
    this.#checkFaults()
  }

  /** The next thing that came; keepalive's pings are passed over. */
  async next(what: string): Promise<InboxEvent> {
    const { inbox } = this.line
    for (;;) {
      await this.line.until(() => inbox.events.length > this.#seen || inbox.faults.length > 0, what)
      this.#checkFaults()
      const event = inbox.events[this.#seen++] as InboxEvent
      if (event.type !== 'ping') return event
    }
  }

  #checkFaults(): void {
    if (this.line.inbox.faults.length > 0) throw new Fault(this.line.inbox.faults.join('; '))
  }

  #encodeAll(frames: readonly (JudgeFrame | Uint8Array)[] = []): Uint8Array[] {
    return frames.map((frame) => this.#encode(frame))
  }

  #encode(frame: JudgeFrame | Uint8Array): Uint8Array {
    if (frame instanceof Uint8Array) return frame
    const { mask = this.role === 'server' ? TEST_MASK : undefined, until, ...spec } = frame
    const key = mask === 'wrong' ? (this.role === 'server' ? undefined : TEST_MASK) : mask
    const bytes = frameBytes({ ...spec, ...(key === undefined ? {} : { mask: key }) })
    if (until === undefined) return bytes
    if (until === 'second byte') return bytes.subarray(0, 2)
    const short = (bytes[1] as number) & 0x7f
    const length = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0)
    if (until === 'length') return bytes.subarray(0, length)
    const header = length + (key === undefined ? 0 : 4)
    return bytes.subarray(0, until === 'header' ? header : header + until)
  }

  async #write(pieces: readonly Uint8Array[], chunks: Chunking): Promise<void> {
    for (const chunk of cut(pieces, chunks)) await this.line.write(chunk)
  }

  #sendRest(payload: Uint8Array, from: number, to: number): Promise<void> {
    const bytes = Uint8Array.from(payload.subarray(from, to))
    if (this.role === 'server')
      for (let i = 0; i < bytes.length; i++) (bytes[i] as number) ^= TEST_MASK[(from + i) & 3] as number
    return this.line.write(bytes)
  }

  async #request(): Promise<string> {
    const { inbox } = this.line
    await this.line.until(() => inbox.head !== undefined, 'a request')
    const head = inbox.head as string
    if (!this.#requested) checkRequest(head)
    this.#requested = true
    return head
  }

  async #answer(step: Extract<Step, { do: 'answer' }>): Promise<void> {
    const key = fieldsOf(await this.#request()).get('sec-websocket-key')?.[0] ?? ''
    const accept = acceptOf(key)
    const proper = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
    const asked: AskedByClient = { key, accept, proper }
    const head = step.head(asked)
    this.line.inbox.compression = compressionOf('client', /^sec-websocket-extensions: *(.*)$/im.exec(head)?.[1])
    await this.#write([Buffer.from(head, 'latin1'), ...this.#encodeAll(step.behind)], step.chunks)
  }

  async #negotiate(offer: string, agreed: string): Promise<void> {
    if (this.role === 'server') {
      const head = properRequest({ E: `Sec-WebSocket-Extensions: ${offer}` })
      await this.play({ do: 'ask', head, chunks: 'together' })
      await this.#seeAccepted({ extensions: agreed })
    } else {
      const head = ({ proper }: AskedByClient): string =>
        proper.replace(/\r\n$/, `Sec-WebSocket-Extensions: ${agreed}\r\n\r\n`)
      await this.play({ do: 'answer', head, chunks: 'together' })
    }
  }

  async #seeMessage(data: string | Uint8Array, compressed: boolean | undefined): Promise<void> {
    const event = await this.next(`the message ${short(data)}`)
    const same =
      event.type === 'message' && typeof event.data === typeof data && Buffer.from(event.data).equals(Buffer.from(data))
    if (!same) throw new Fault(`the message ${short(data)} was to come, not ${describe(event)}`)
    if (compressed !== undefined && event.compressed !== compressed) {
      throw new Fault(`the message ${short(data)} came ${event.compressed ? 'compressed' : 'as it is'}`)
    }
  }

  async #seePong(payload: Buffer): Promise<void> {
    const event = await this.next('a pong')
    if (event.type === 'pong' && payload.equals(event.payload)) return
    throw new Fault(`a pong with ${short(payload)} was to come, not ${describe(event)}`)
  }

  async #seeClose(code: number, reason: string | undefined): Promise<void> {
    const event = await this.next(`a Close frame with ${code}`)
    // §5.5.1: "typically echoes": an endpoint may answer with another code.
    const right =
      event.type === 'close' &&
      (!this.#exact || event.code === code) &&
      (reason === undefined || event.reason === reason)
    if (!right) throw new Fault(`a Close frame with ${code} ${reason ?? ''} was to come, not ${describe(event)}`)
  }

  async #seeFailure(code: number): Promise<void> {
    let event = await this.next(`the connection to be failed with ${code}`)
    if (event.type === 'close' && (event.code === code || !this.#exact))
      event = await this.next('the end of a failed connection')
    else if (this.#exact || event.type !== 'end')
      throw new Fault(`the connection was to be failed with ${code}, but there came ${describe(event)}`)
    if (event.type !== 'end') throw new Fault(`behind the Close frame of a failed connection came ${describe(event)}`)
  }

  async #seeEnd(): Promise<void> {
    const event = await this.next('the end')
    if (event.type !== 'end') throw new Fault(`the end was to come, not ${describe(event)}`)
  }

  async #seeAccepted({ subprotocol, extensions }: Agreed): Promise<void> {
    const { inbox } = this.line
    await this.line.until(() => inbox.head !== undefined || inbox.ended, 'an answer to the upgrade')
    const head = inbox.head ?? ''
    if (!/^HTTP\/1\.1 101 /.test(head))
      throw new Fault(`the upgrade was to be accepted, but was answered ${short(head)}`)
    const fields = fieldsOf(head)
    const one = (name: string): string | undefined => {
      const values = fields.get(name) ?? []
      if (values.length > 1) throw new Fault(`it sent ${name} more than once (§4.2.2)`)
      return values[0]
    }
    if (one('upgrade')?.toLowerCase() !== 'websocket') throw new Fault('its Upgrade is not "websocket" (§4.2.2)')
    const options = (one('connection') ?? '').toLowerCase().split(/[ ,]+/)
    if (!options.includes('upgrade')) throw new Fault('its Connection has no "Upgrade" (§4.2.2)')
    if (one('sec-websocket-accept') !== acceptOf(this.#key))
      throw new Fault('its Sec-WebSocket-Accept does not match the key (§4.2.2)')
    if (one('sec-websocket-protocol') !== subprotocol)
      throw new Fault(`its subprotocol is ${one('sec-websocket-protocol')}, not ${subprotocol}`)
    const agreed = one('sec-websocket-extensions')
    if (!sameExtensions(agreed, extensions)) throw new Fault(`its extensions are ${agreed}, not ${extensions}`)
    inbox.compression = compressionOf('server', agreed)
  }

  async #seeRefused(statuses: readonly number[], headers: Readonly<Record<string, string>>): Promise<void> {
    const { inbox } = this.line
    await this.line.until(() => inbox.head !== undefined || inbox.ended, 'the upgrade to be refused')
    if (inbox.head === undefined) {
      if (statuses.length === 0 || !this.#exact) return
      throw new Fault(`the upgrade was to be refused with ${statuses.join(' or ')}, not by hanging up`)
    }
    const status = Number(inbox.head.split(' ')[1])
    if (this.#exact ? !statuses.includes(status) : status < 400) {
      throw new Fault(
        `the upgrade was to be refused with ${statuses.join(' or ')}, but was answered ${short(inbox.head)}`,
      )
    }
    const fields = fieldsOf(inbox.head)
    for (const [name, value] of Object.entries(headers)) {
      if (fields.get(name)?.join(', ') !== value)
        throw new Fault(`the refusal has ${name}: ${fields.get(name)}, not ${value}`)
    }
  }

  async #seeTold(code: number, clean: boolean): Promise<void> {
    await this.line.until(() => this.application.outcome !== undefined, 'the application to be told of the end')
    const outcome = this.application.outcome
    if (outcome?.code !== code || outcome.clean !== clean) {
      throw new Fault(
        `the application was to be told ${code}, ${clean ? '' : 'not '}clean; it was told ${JSON.stringify(outcome)}`,
      )
    }
  }
}

/** What an answer says of how `role` compresses (RFC 7692 §7.1). */
function compressionOf(role: Role, agreed: string | undefined): Inbox['compression'] {
  if (!agreed?.startsWith('permessage-deflate')) return undefined
  const bits = new RegExp(`${role}_max_window_bits="?(\\d+)`).exec(agreed)?.[1]
  return { takeover: !agreed.includes(`${role}_no_context_takeover`), windowBits: Number(bits ?? 15) }
}

/** RFC 6455 §4.2.2 item 5.4. */
function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/** Cuts pieces into chunks. */
function cut(pieces: readonly Uint8Array[], chunks: Chunking): Uint8Array[] {
  if (chunks === 'apart') return [...pieces]
  const whole = concatBytes(...pieces)
  if (chunks === 'together') return [whole]
  if (chunks === 'bytewise') return Array.from(whole, (byte) => Uint8Array.of(byte))
  const result: Uint8Array[] = []
  let at = 0
  for (const size of [...chunks, whole.length]) {
    if (at < whole.length && size > 0) result.push(whole.subarray(at, at + size))
    at += size
  }
  return result
}

function describe(event: InboxEvent): string {
  if (event.type === 'message') return `the message ${short(event.data)}`
  if (event.type === 'close') return `a Close frame with ${event.code} ${JSON.stringify(event.reason)}`
  return event.type === 'end' ? 'the end' : `a ${event.type} with ${short(event.payload)}`
}

function short(data: string | Uint8Array): string {
  if (typeof data === 'string')
    return JSON.stringify(data.length > 60 ? `${data.slice(0, 60)}… (${data.length})` : data)
  return `${Buffer.from(data.subarray(0, 24)).toString('hex')} (${data.length} bytes)`
}
