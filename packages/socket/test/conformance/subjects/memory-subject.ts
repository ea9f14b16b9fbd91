import { Fault } from '../judge/fault.ts'
import { Inbox } from '../judge/inbox.ts'
import type { Line, Session, Subject } from '../judge/line.ts'
import type { Machine, MachineFactory } from './machine.ts'

/** A machine as a subject: bytes are carried by hand, time is turned by hand, and what does not come at once never comes. */
export function memorySubject(
  name: string,
  create: MachineFactory,
  supports: Subject['supports'] = () => true,
): Subject {
  return {
    name,
    transport: 'memory',
    strictness: 'exact',
    supports,
    connect: (role, options): Promise<Session> => {
      const inbox = new Inbox(role, () => {})
      const line = new MemoryLine(inbox)
      const machine = create(role, options, {
        write: (bytes) => {
          if (!line.over) inbox.receive(bytes.slice())
        },
        end: () => inbox.end(),
        destroy: () => line.drop(),
      })
      line.attach(machine)
      machine.start()
      return Promise.resolve({ line, application: machine.application, dispose: () => {} })
    },
  }
}

class MemoryLine implements Line {
  readonly inbox: Inbox
  #machine: Machine | undefined
  /** The subject has let go: it hears nothing more. */
  #dropped = false
  #left = false

  constructor(inbox: Inbox) {
    this.inbox = inbox
  }

  get over(): boolean {
    return this.#dropped
  }

  get unsentBytes(): number {
    return 0
  }

  attach(machine: Machine): void {
    this.#machine = machine
  }

  drop(): void {
    if (this.#dropped) return
    this.#dropped = true
    this.inbox.end()
  }

  write(chunk: Uint8Array): Promise<void> {
    // A copy: whoever receives it owns it, and may unmask it where it lies.
    if (!this.#dropped) this.#machine?.receive(chunk.slice())
    return Promise.resolve()
  }

  end(): void {
    if (this.#dropped || this.#left) return
    this.#left = true
    this.#machine?.receiveEnd()
  }

  reset(): void {
    this.end()
    this.drop()
  }

  pause(): void {}

  resume(): void {}

  letTimePass(): void {
    for (let deadline = this.#machine?.deadlineMs ?? Infinity; deadline < Infinity && !this.#dropped; ) {
      this.#machine?.tick(deadline)
      deadline = this.#machine?.deadlineMs ?? Infinity
    }
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return condition() ? Promise.resolve() : Promise.reject(new Fault(`${what} did not come`))
  }
}
