import { nodeDeflate } from '@wigwag/socket'
import {
  answerExtensions,
  ClientHandshake,
  type Connection,
  type ConnectionOptions,
  type ExtensionChain,
  encodeUpgradeRefusal,
  encodeUpgradeResponse,
  HeadCollector,
  judgeUpgrade,
  LOOPBACK_HOSTS,
  type MessageExtension,
  PerMessageDeflate,
  ProtocolError,
  parseRequestHead,
  parseResponseHead,
  type Role,
  selectSubprotocol,
} from '@wigwag/socket/core'
import { openConnection, type RecordingSink } from '@wigwag/socket/testing'
import type { SubjectOptions } from '../judge/conformance-case.ts'
import type { SubjectApplication, SubjectOutcome } from '../judge/line.ts'
import type { Machine, MachineFactory, MachineOutput } from './machine.ts'

/** The pure core as a subject: its handshake functions and its `Connection`, with nothing of a host between. */
export const wigwagMachine: MachineFactory = (role, options, output) => new WigwagMachine(role, options, output)

class WigwagMachine implements Machine, SubjectApplication {
  readonly application: SubjectApplication = this
  readonly #role: Role
  readonly #options: SubjectOptions
  readonly #output: MachineOutput
  readonly #collector: HeadCollector
  readonly #handshake: ClientHandshake
  readonly #extensions: readonly MessageExtension[]
  #connection: Connection | undefined
  #nowMs = 0
  #ended = false
  refused = false
  outcome: SubjectOutcome | undefined

  constructor(role: Role, options: SubjectOptions, output: MachineOutput) {
    this.#role = role
    this.#options = options
    this.#output = output
    this.#collector = new HeadCollector(options.maxHeaderBytes ?? 16 * 1024)
    const { subprotocols = [], compression } = options
    const extensions = compression === undefined ? [] : [new PerMessageDeflate(compression, nodeDeflate)]
    this.#extensions = extensions
    const nonce = Uint8Array.from({ length: 16 }, (_, i) => i * 15)
    this.#handshake = new ClientHandshake({ target: '/', host: 'localhost', subprotocols, extensions }, nonce)
  }

  get open(): boolean {
    return this.#connection !== undefined
  }

  get bufferedAmount(): number {
    return 0
  }

  get deadlineMs(): number {
    return this.#connection?.phase === 'closing' ? this.#connection.deadlineMs : Infinity
  }

  start(): void {
    if (this.#role === 'client') this.#output.write(Buffer.from(this.#handshake.encodeRequest(), 'latin1'))
  }

  receive(chunk: Uint8Array): void {
    if (this.#connection !== undefined) {
      this.#connection.receive(chunk, this.#nowMs)
      return
    }
    if (this.#ended) return
    const collected = this.#collector.push(chunk)
    if (collected.step === 'more') return
    if (collected.step === 'failed') this.#fail(431, collected.error.message)
    else if (this.#role === 'server') this.#judgeRequest(collected.text, collected.rest)
    else this.#judgeResponse(collected.text, collected.rest)
  }

  receiveEnd(): void {
    if (this.#connection !== undefined) this.#connection.receiveEnd(this.#nowMs)
    else this.#fail(400, 'The client left.')
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs
    this.#connection?.tick(nowMs)
  }

  close(code: number | undefined, reason: string): void {
    this.#connection?.close(code, reason)
  }

  send(data: string | Uint8Array): void {
    this.#connection?.send(data)
  }

  #judgeRequest(text: string, rest: Uint8Array): void {
    const head = parseRequestHead(text)
    if (head instanceof ProtocolError) {
      this.#fail(400, head.message)
      return
    }
    const verdict = judgeUpgrade(head, { origins: 'same-origin', hosts: LOOPBACK_HOSTS })
    if (!verdict.ok) {
      this.#output.write(Buffer.from(encodeUpgradeRefusal(verdict.refusal, 0), 'latin1'))
      this.#leave()
      return
    }
    const { answer, chain } = answerExtensions(verdict.offer.extensions, this.#extensions)
    const subprotocol = selectSubprotocol(verdict.offer.subprotocols, this.#options.subprotocols ?? [])
    this.#output.write(Buffer.from(encodeUpgradeResponse(verdict.offer, { subprotocol, extensions: answer }), 'latin1'))
    this.#begin(rest, chain)
  }

  #judgeResponse(text: string, rest: Uint8Array): void {
    const head = parseResponseHead(text)
    const agreement = head instanceof ProtocolError ? head : this.#handshake.judge(head)
    if (agreement instanceof ProtocolError) this.#leave()
    else this.#begin(rest, agreement.chain)
  }

  #begin(rest: Uint8Array, chain: ExtensionChain | undefined): void {
    const extensions = chain === undefined ? {} : { extensions: chain }
    const { connection, sink } = openConnection(this.#role, { ...connectionOptions(this.#options), ...extensions })
    this.#connection = connection
    this.#carry(sink)
    if (rest.length > 0) connection.receive(rest.slice(), this.#nowMs)
  }

  /** What the sink is told becomes bytes, ends and echoes. */
  #carry(sink: RecordingSink): void {
    sink.write = (buffer, start, end) => this.#output.write(buffer.subarray(start, end))
    sink.onEvent = (event) => {
      if (event.type === 'message') this.#connection?.send(event.data)
      else if (event.type === 'end') this.#output.end()
      else if (event.type === 'closed') {
        this.outcome = event.outcome
        this.#output.destroy()
      }
      sink.events.length = 0
    }
  }

  #fail(status: number, message: string): void {
    if (this.#role === 'server')
      this.#output.write(Buffer.from(encodeUpgradeRefusal({ status, message, headers: {} }, 0), 'latin1'))
    this.#leave()
  }

  #leave(): void {
    if (this.#ended) return
    this.#ended = true
    this.refused = true
    this.#output.destroy()
  }
}

/** Those options that are the connection's. */
function connectionOptions(options: SubjectOptions): ConnectionOptions {
  const { maxMessageBytes, maxFrameBytes, maxFragments, maxControlFramesPerSecond, closeTimeoutMs } = options
  const given = { maxMessageBytes, maxFrameBytes, maxFragments, maxControlFramesPerSecond, closeTimeoutMs }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
