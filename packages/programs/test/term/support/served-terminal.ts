import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TerminalEndpoint, type TerminalEvent, type TerminalOptions } from '@wigwag/programs/term'
import { expect } from 'vitest'
import { sessionMembers } from '../../../src/process/session-members.ts'
import { TtyClient } from './tty-client.ts'

/** An endpoint on a server of its own, what it told of, and clients of it. */
export class ServedTerminal {
  readonly events: TerminalEvent[] = []
  readonly #changed = new Set<() => void>()
  url = ''
  http = ''
  endpoint!: TerminalEndpoint
  #server!: Server

  static async start(options: TerminalOptions): Promise<ServedTerminal> {
    const served = new ServedTerminal()
    served.endpoint = new TerminalEndpoint({
      endGraceMs: 100,
      ...options,
      onEvent: (event) => {
        served.events.push(event)
        for (const resolve of served.#changed) resolve()
        served.#changed.clear()
      },
    })
    const server = createServer((_incoming, response) => response.writeHead(418).end())
    served.endpoint.attach(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    served.#server = server
    served.http = `http://127.0.0.1:${(server.address() as AddressInfo).port}${options.basePath ?? ''}`
    served.url = `${served.http.replace('http', 'ws')}/ws`
    return served
  }

  open(hello?: Readonly<Record<string, unknown>>, query = '', headers = {}): Promise<TtyClient> {
    return TtyClient.open(`${this.url}${query}`, hello, headers)
  }

  get pid(): number {
    return this.events.find((event) => event.type === 'started')?.pid ?? -1
  }

  async told(type: TerminalEvent['type'], count = 1): Promise<void> {
    while (this.events.filter((event) => event.type === type).length < count) {
      await new Promise<void>((resolve) => this.#changed.add(resolve))
    }
  }

  /** Closes it. Nothing is left running, whatever the test did. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.endpoint.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    for (const event of this.events) if (event.type === 'started') expect(sessionMembers(event.pid)).toEqual([])
  }
}
