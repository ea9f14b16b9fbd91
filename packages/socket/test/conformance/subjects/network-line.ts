import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Role } from '@wigwag/socket/core'
import { Fault } from '../judge/fault.ts'
import { Inbox } from '../judge/inbox.ts'
import type { Line } from '../judge/line.ts'

/** The judge's end of a TCP or TLS connection. */
export class NetworkLine implements Line {
  readonly inbox: Inbox
  readonly #socket: Socket
  readonly #waitMs: number
  #waiting: (() => void) | undefined

  /** `role` is the subject's; `waitMs` is how long something may take to come. The socket must allow half-open. */
  constructor(socket: Socket, role: Role, waitMs: number) {
    this.#socket = socket
    this.#waitMs = waitMs
    this.inbox = new Inbox(role, () => this.changed())
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.inbox.receive(chunk))
    socket.on('end', () => this.inbox.end())
    socket.on('error', () => this.inbox.end())
    socket.on('close', () => this.inbox.end())
  }

  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#socket.writable) this.#socket.write(chunk)
    // The subject lives in this process: it reads in the poll phase between two turns.
    await new Promise(setImmediate)
  }

  end(): void {
    this.#socket.end()
  }

  reset(): void {
    if (this.#socket instanceof TLSSocket) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  letTimePass(): void {}

  /** Something is new, here or in the subject. */
  changed(): void {
    this.#waiting?.()
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = undefined
        reject(new Fault(`${what} did not come within ${this.#waitMs} ms`))
      }, this.#waitMs)
      this.#waiting = () => {
        if (!condition()) return
        this.#waiting = undefined
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
