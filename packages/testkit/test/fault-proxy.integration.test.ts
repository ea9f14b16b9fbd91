import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { FaultProxy, planLineFaults, playLineFaults } from '@wigwag/testkit'
import { expect, onTestFinished, test } from 'vitest'

/** One end of a line, and what became of it. */
class End {
  readonly socket: Socket
  text = ''
  /** How it ended. */
  end: 'FIN' | 'RST' | undefined
  readonly #waiting = new Set<() => void>()

  constructor(socket: Socket) {
    this.socket = socket.setEncoding('latin1')
    const changed = (): void => {
      for (const check of [...this.#waiting]) check()
    }
    socket.on('data', (chunk) => {
      this.text += String(chunk)
      changed()
    })
    socket.on('end', () => {
      this.end ??= 'FIN'
      changed()
    })
    socket.on('error', () => {
      this.end ??= 'RST'
      changed()
    })
    socket.on('close', changed)
    onTestFinished(() => {
      socket.destroy()
    })
  }

  until(condition: (end: End) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition(this)) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  /** Resolves when this came. */
  async hears(text: string): Promise<void> {
    await this.until((end) => end.text.includes(text))
  }
}

interface Bench {
  readonly proxy: FaultProxy
  /** A client through the proxy, and its end at the server. */
  pair(): Promise<readonly [client: End, server: End]>
  client(): End
  /** The next connection that the server has. */
  arrived(): Promise<End>
  readonly port: number
}

async function serve(): Promise<Bench> {
  const arrived: End[] = []
  let tell = (): void => {}
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    arrived.push(new End(socket))
    tell()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  const target = (server.address() as AddressInfo).port
  const proxy = new FaultProxy(target)
  const port = await proxy.listen()
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const client = (): End => new End(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
  const next = async (): Promise<End> => {
    if (arrived.length === 0) {
      await new Promise<void>((resolve) => {
        tell = resolve
      })
    }
    return arrived.shift() as End
  }
  return { proxy, client, arrived: next, port: target, pair: async () => [client(), await next()] }
}

test('a healthy line carries bytes both ways, and the end of each by itself', async () => {
  const { proxy, pair } = await serve()
  const [client, server] = await pair()
  const large = 'x'.repeat(3_000_000)
  client.socket.end(large)
  await server.until(({ end }) => end === 'FIN')
  expect(server.text).toBe(large)
  server.socket.write('still open')
  await client.hears('still open')
  server.socket.end()
  await client.until(({ end }) => end === 'FIN')
  await client.until(() => proxy.lines.length === 0)
})

test.each([
  ['reset', 'RST'],
  ['end', 'FIN'],
] as const)(
  'a line that is cut by %s ends for both with %s, and new ones do not come through until it is mended',
  async (how, end) => {
    const { proxy, pair, client } = await serve()
    const ends = await pair()
    proxy.cut(how)
    for (const each of ends) await each.until((one) => one.end === end)
    const refused = client()
    await refused.until((one) => one.end !== undefined)
    proxy.mend()
    const [mine, server] = await pair()
    mine.socket.write('back')
    await server.hears('back')
  },
)

test('what is dropped is the lines that there are, all or one of them', async () => {
  const { proxy, pair } = await serve()
  const [first] = await pair()
  const [second, server] = await pair()
  proxy.lines[0]?.cut()
  await first.until(({ end }) => end === 'RST')
  server.socket.write('alive')
  await second.hears('alive')
  proxy.drop()
  await second.until(({ end }) => end === 'RST')
  const [third] = await pair()
  expect(third.end).toBeUndefined()
})

test('a line that stalls in one direction carries the other, and nobody hears of an end', async () => {
  const { proxy, pair } = await serve()
  const [client, server] = await pair()
  proxy.shape({ stalled: ['down'] })
  server.socket.end('never mind')
  client.socket.write('up')
  await server.hears('up')
  client.socket.write(' and up')
  await server.hears('and up')
  expect([client.text, client.end]).toEqual(['', undefined])
  proxy.mend()
  await client.until(({ end }) => end === 'FIN')
  expect(client.text).toBe('never mind')
})

test('a line that stalls pushes back: its sender cannot write for ever', async () => {
  const { proxy, pair } = await serve()
  const [client, server] = await pair()
  proxy.shape({ stalled: ['up', 'down'] })
  let written = 0
  while (server.socket.write(Buffer.alloc(65536))) {
    written += 65536
    await new Promise((resolve) => setImmediate(resolve))
    expect(written).toBeLessThan(50_000_000)
  }
  expect(client.text).toBe('')
})

test('a line that is stalled from its beginning can be cut, and its server learns of it', async () => {
  const { proxy, pair } = await serve()
  proxy.shape({ stalled: ['up', 'down'] })
  const ends = await pair()
  proxy.cut()
  for (const each of ends) await each.until(({ end }) => end === 'RST')
})

test('a delayed line carries everything, in order, that much later', async () => {
  const { proxy, pair } = await serve()
  const [client, server] = await pair()
  proxy.shape({ delayMs: 60 })
  const sentMs = performance.now()
  client.socket.write('one ')
  client.socket.write('two')
  client.socket.end()
  await server.until(({ end }) => end === 'FIN')
  expect(server.text).toBe('one two')
  // Node's timers round to the millisecond.
  expect(performance.now() - sentMs).toBeGreaterThanOrEqual(59)
})

test('a throttled line carries so many bytes a second, and all of them', async () => {
  const { proxy, pair } = await serve()
  const [client, server] = await pair()
  proxy.shape({ bytesPerSecond: 50_000 })
  const sentMs = performance.now()
  const text = Array.from({ length: 10_000 }, (_, i) => i % 10).join('')
  client.socket.write(text)
  await server.until((end) => end.text.length === text.length)
  expect(server.text).toBe(text)
  // 10 kB of it, the first slice of a fiftieth of a second at once.
  expect(performance.now() - sentMs).toBeGreaterThanOrEqual(175)
})

test.each(['up', 'down'] as const)('a line is cut behind so many bytes %s, each line by itself', async (direction) => {
  const { proxy, pair } = await serve()
  proxy.shape({ cutAfter: { direction, bytes: 7, how: 'end' } })
  for (let i = 0; i < 2; i++) {
    const [client, server] = await pair()
    const [sender, reader] = direction === 'up' ? [client, server] : [server, client]
    reader.socket.write('the other way is not counted')
    await sender.hears('not counted')
    sender.socket.write('1234')
    await reader.hears('1234')
    sender.socket.write('5678')
    await reader.until(({ end }) => end === 'FIN')
    expect(reader.text).toBe('1234567')
  }
})

test('new lines go where they are sent; old ones stay where they are', async () => {
  const [here, there] = [await serve(), await serve()]
  const [client, server] = await here.pair()
  here.proxy.retarget(there.port)
  const other = here.client()
  other.socket.write('there')
  await (await there.arrived()).hears('there')
  client.socket.write('here')
  await server.hears('here')
})

/** A source that repeats. */
function repeating(seed: number): { below(bound: number): number } {
  let state = seed
  return {
    below: (bound) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state % bound
    },
  }
}

test('a plan has as many faults of each kind, and is the same for the same source', () => {
  const options = { count: 60, maxForMs: 50, maxThenMs: 50 }
  for (let seed = 0; seed < 50; seed++) {
    const plan = planLineFaults(repeating(seed), options)
    expect(planLineFaults(repeating(seed), options)).toEqual(plan)
    const kinds = plan.map((step) => (step.kind === 'shape' ? Object.keys(step.conditions)[0] : step.kind))
    for (const kind of ['cut', 'drop', 'stalled', 'delayMs', 'bytesPerSecond', 'cutAfter']) {
      expect(kinds.filter((each) => each === kind)).toHaveLength(10)
    }
    for (const { forMs, thenMs } of plan) {
      expect([forMs > 0, forMs <= 50, thenMs >= 0, thenMs < 50]).toEqual([true, true, true, true])
    }
  }
})

test('faults that were played leave the line in health, also when they are ended early', async () => {
  const { proxy, pair } = await serve()
  const plan = planLineFaults(repeating(1), { count: 12, maxForMs: 5, maxThenMs: 2 })
  await playLineFaults(proxy, plan, new AbortController().signal)
  const abort = new AbortController()
  const playing = playLineFaults(proxy, [{ kind: 'cut', how: 'reset', forMs: 600_000, thenMs: 0 }], abort.signal)
  abort.abort()
  await playing
  const [client, server] = await pair()
  client.socket.write('well')
  await server.hears('well')
})
