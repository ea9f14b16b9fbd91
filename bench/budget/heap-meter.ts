// Loaded into a server ahead of it (`--import`), which must have been started with --expose-gc and an IPC channel: counts
// what the server allocates, and what it still holds.
import { Socket } from 'node:net'
import { GCProfiler, getHeapStatistics, queryObjects } from 'node:v8'
import { NodeWebSocket } from '@wigwag/socket'
import { Connection } from '@wigwag/socket/core'
import { WebSocket } from '@wigwag/ws'

/** What was allocated between `begin` and `end`, in bytes. */
export interface Allocated {
  /** Objects and strings. */
  readonly heapBytes: number
  /** What buffers have outside of the heap. */
  readonly externalBytes: number
}

/** What can be asked of the meter, as a message to the process, and what comes back. */
export interface MeterAnswers {
  begin: null
  end: Allocated
  /** TCP sockets that are not closed yet. */
  handles: number
  /** What is held behind the collector, on the heap and outside of it, in bytes. */
  held: number
  /** How many objects of each class are held. Takes its time. */
  objects: Readonly<Record<string, number>>
}

const CLASSES: Readonly<Record<string, new (...args: never[]) => object>> = {
  Socket,
  Connection,
  NodeWebSocket,
  WebSocket,
}

interface Use {
  readonly heap: number
  readonly external: number
}

let profiler = new GCProfiler()
let before: Use = useNow()

function useNow(): Use {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return { heap, external }
}

/** Twice: what finalizers let go of goes with the second one. */
function collect(): void {
  global.gc?.()
  global.gc?.()
}

const answers: { readonly [Name in keyof MeterAnswers]: () => MeterAnswers[Name] } = {
  begin() {
    collect()
    profiler = new GCProfiler()
    profiler.start()
    before = useNow()
    return null
  },
  // The collector may run meanwhile: what grew up to each run of it counts, what it took away does not.
  end() {
    const now = useNow()
    let [heapBytes, externalBytes] = [0, 0]
    let from = before
    for (const { beforeGC, afterGC } of profiler.stop()?.statistics ?? []) {
      heapBytes += beforeGC.heapStatistics.usedHeapSize - from.heap
      externalBytes += beforeGC.heapStatistics.externalMemory - from.external
      from = { heap: afterGC.heapStatistics.usedHeapSize, external: afterGC.heapStatistics.externalMemory }
    }
    return { heapBytes: heapBytes + now.heap - from.heap, externalBytes: externalBytes + now.external - from.external }
  },
  handles: () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length,
  held() {
    collect()
    const { heap, external } = useNow()
    return heap + external
  },
  objects() {
    const counts = Object.entries(CLASSES).map(([name, type]) => [name, queryObjects(type, { format: 'count' })])
    return Object.fromEntries(counts) as Record<string, number>
  },
}

process.on('message', (name: keyof MeterAnswers) => process.send?.(answers[name]()))
