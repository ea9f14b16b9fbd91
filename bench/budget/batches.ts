import type { MessageCell } from '../cell.ts'
import { buildConversation, type Conversation } from '../generator/conversation.ts'
import type { LoadConnection, LoadConnectionOptions } from '../generator/load-connection.ts'
import { Meter } from '../generator/meter.ts'
import { openConnections } from '../generator/open-connections.ts'

/**
 * Sends in batches: as many messages as the cell has in flight leave in one write, and the next ones when all that they
 * give has come. So a server reads and writes the same however fast the machine is. Every reply is verified.
 */
export class Batches {
  readonly #cell: MessageCell
  readonly #conversation: Conversation
  readonly #port: number
  readonly #meter = new Meter()
  #connections: readonly LoadConnection[] = []
  #sent = 0
  #due = 0
  #arrived: (() => void) | undefined

  private constructor(cell: MessageCell, port: number) {
    this.#cell = cell
    this.#port = port
    this.#conversation = buildConversation(cell, 'websocket')
  }

  /** Opens the connections of the cell, which is an `echo` or a `fan-out`. */
  static async open(cell: MessageCell, port: number): Promise<Batches> {
    const batches = new Batches(cell, port)
    const echoes = cell.workload === 'echo'
    const options = Array.from({ length: cell.connections }, () => batches.#options(echoes ? '/echo' : '/sub'))
    // The last one is the one that sends.
    if (!echoes) options.push(batches.#options('/pub'))
    batches.#connections = await openConnections(options)
    batches.#check()
    return batches
  }

  /** Sends until so many messages, at least, have arrived; in a fan-out each arrival is one. */
  async run(messages: number): Promise<number> {
    const { depth, workload, connections } = this.#cell
    const senders = workload === 'echo' ? this.#connections : this.#connections.slice(-1)
    const perBatch = depth * connections
    let done = 0
    for (; done < messages; done += perBatch) {
      this.#due = perBatch
      const arrived = new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
      for (const sender of senders) sender.send(this.#sent, depth)
      this.#sent += depth
      await arrived
      this.#check()
    }
    return done
  }

  end(): void {
    for (const connection of this.#connections) connection.end()
  }

  #options(target: string): LoadConnectionOptions {
    return {
      port: this.#port,
      protocol: 'websocket',
      target,
      conversation: this.#conversation,
      first: 0,
      meter: this.#meter,
      received: (count) => {
        this.#due -= count
        if (this.#due <= 0 || this.#meter.hasFaults()) this.#arrived?.()
      },
    }
  }

  #check(): void {
    if (this.#meter.hasFaults() || this.#due < 0) throw new Error(this.#meter.notes.join('; ') || 'too many messages')
  }
}
