import { closeReason, type OpenTransport, type Transport, type TransportSink } from '@wigwag/client'
import { MemoryLine } from '@wigwag/client/testing'
import { fallback } from '../../src/fallback/fallback.ts'
import type { MemoryBench } from './memory-bench.ts'

/** A line to the hub that the network may block, or let open and then keep from what follows. */
export class Way implements Transport {
  readonly name: string
  readonly choose = fallback
  readonly line: MemoryLine
  how: 'open' | 'refused' | 'deaf' | 'breaks' = 'open'
  attempts = 0

  constructor(name: string, bench: MemoryBench) {
    this.name = name
    this.line = new MemoryLine(bench.hub)
  }

  open(url: URL, sink: TransportSink): OpenTransport {
    this.attempts++
    if (this.how === 'open') return this.line.open(url, sink)
    let isOver = false
    queueMicrotask(() => {
      if (isOver) return
      if (this.how !== 'refused') sink.greeting()
      if (this.how !== 'deaf') sink.closed(closeReason(this.how === 'refused' ? 'unreachable' : 'lost'))
    })
    return { send: () => {}, close: () => (isOver = true) }
  }
}
