import { readFileSync } from 'node:fs'
import { residentBytes } from './process-figures.ts'
import { readAll } from './read-all.ts'

/** What came of a program that prints as fast as it can to a reader that does not keep up. */
export interface SlowReaderFigures {
  readonly bytes: number
  readonly closeCode: number
  /** Resident memory of the server before anybody came, and the most while the program printed. */
  readonly idleBytes: number
  readonly mostBytes: number
  /** What the program had written when the reader had stood still for a while: pipe and sockets hold that much, and it waits. */
  readonly writtenAtStandstill: number
}

/** A line of 1 KiB, end included. */
const LINE = 'x'.repeat(1023)

/** A program that prints so many MiB of lines, and writes its process id first. */
export function printer(mebibytes: number): readonly string[] {
  return ['sh', '-c', `echo $$; exec yes ${LINE} | head -c ${mebibytes * 1024 * 1024}`]
}

/** How long a reader that is held back rests behind each MiB. */
const REST_MS = 1
/** Looks at a program in a row that find that it has written nothing, before it is taken for paused. */
const QUIET_LOOKS = 10

/** Reads from the server with process id `pid`, first not at all, then slowly. */
export async function measureSlowReader(url: string, pid: number): Promise<SlowReaderFigures> {
  const idleBytes = residentBytes(pid)
  let mostBytes = 0
  let writtenAtStandstill = 0
  let unrested = 0
  let phase: 'first' | 'standing' | 'slow' = 'first'
  const timer = setInterval(() => {
    mostBytes = Math.max(mostBytes, residentBytes(pid))
  }, 20)
  const { bytes, closeCode } = await readAll(url, (socket, received) => {
    unrested += received
    if (phase === 'first') {
      phase = 'standing'
      socket.pause()
      void untilPaused(pid).then((written) => {
        writtenAtStandstill = written
        phase = 'slow'
        socket.resume()
      })
    } else if (phase === 'slow' && unrested > 1024 * 1024) {
      unrested = 0
      socket.pause()
      setTimeout(() => socket.resume(), REST_MS)
    }
  })
  clearInterval(timer)
  return { bytes, closeCode, idleBytes, mostBytes, writtenAtStandstill }
}

/** Resolves when the server has stopped reading from its program, with how much it has read. */
async function untilPaused(pid: number): Promise<number> {
  let [before, quiet] = [-1, 0]
  while (quiet < QUIET_LOOKS) {
    const read = Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
    quiet = read === before ? quiet + 1 : 0
    before = read
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return before
}
