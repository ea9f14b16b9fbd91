// Subscribers over one transport, which check and time everything that they are told.
import { type Told, type WireReader, wireTransports } from '@wigwag/testkit'
import { LatencyHistogram } from '../generator/latency-histogram.ts'
import { readProcessCpu } from '../generator/process-cpu.ts'
import { CHANNEL, readStamp } from './stamp.ts'
import type { TransportFigures, TransportSpec } from './transport-spec.ts'

const { spec, port, serverPid } = JSON.parse(process.argv[2] as string) as {
  readonly spec: TransportSpec
  readonly port: number
  readonly serverPid: number
}

/** One subscriber's account. */
class Account {
  readonly reader: WireReader
  #next = 0

  constructor(reader: WireReader, heard: (latencyMs: number) => void, fault: (text: string) => void) {
    this.reader = reader
    reader.heard = (told: Told) => {
      if (told.kind === 'gap') fault(`a gap: ${told.reason}`)
      if (told.kind !== 'publication') return
      const { number, latencyMs } = readStamp(String(told.data))
      if (number !== this.#next) fault(`${number} came instead of ${this.#next}`)
      this.#next = number + 1
      // What it was told is checked here and kept nowhere.
      reader.told.length = 0
      heard(latencyMs)
    }
  }

  /** Begins to count anew. */
  restart(): void {
    this.#next = 0
  }
}

async function measure(): Promise<TransportFigures> {
  const transport = wireTransports(spec.pollIntervalMs).find(({ name }) => name === spec.transport)
  if (transport === undefined) throw new Error(`There is no transport ${spec.transport}.`)
  const histogram = new LatencyHistogram()
  const faults: string[] = []
  let delivered = 0
  let told = (): void => {}
  const heard = (latencyMs: number): void => {
    delivered++
    histogram.record(latencyMs)
    told()
  }
  const accounts: Account[] = []
  for (let i = 0; i < spec.subscribers; i++) {
    accounts.push(new Account(await transport.open(port, { channel: CHANNEL }), heard, (fault) => faults.push(fault)))
    // Those that ask every now and then do not all ask at once.
    if (transport.carrier === 'poll') await sleep(spec.pollIntervalMs / spec.subscribers)
  }
  const play = async (rate: number, count: number): Promise<void> => {
    for (const account of accounts) account.restart()
    delivered = 0
    histogram.clear()
    await fetch(`http://127.0.0.1:${port}/publish?rate=${rate}&count=${count}`, { method: 'POST' })
    const all = count * accounts.length
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${delivered} of ${all} came.`)), 10_000)
      told = () => {
        if (delivered < all) return
        clearTimeout(timer)
        resolve()
      }
      told()
    })
  }
  await play(100, spec.warmUp)
  const bytes = (way: 'received' | 'sent'): number => accounts.reduce((sum, { reader }) => sum + reader.bytes[way], 0)
  const before = { cpu: readProcessCpu(serverPid).us, received: bytes('received'), sent: bytes('sent') }
  const [own, startedMs] = [process.cpuUsage(), performance.now()]
  await play(spec.rate, Math.ceil(spec.rate * spec.secs))
  const { user, system } = process.cpuUsage(own)
  return {
    delivered,
    cpuUs: (readProcessCpu(serverPid).us - before.cpu) / delivered,
    clientsShare: (user + system) / 1000 / (performance.now() - startedMs),
    receivedBytes: (bytes('received') - before.received) / delivered,
    sentBytes: (bytes('sent') - before.sent) / delivered,
    p50Ms: histogram.quantileUs(0.5) / 1000,
    p99Ms: histogram.quantileUs(0.99) / 1000,
    faults: faults.slice(0, 5),
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

process.stdout.write(`${JSON.stringify(await measure())}\n`)
process.exit()
