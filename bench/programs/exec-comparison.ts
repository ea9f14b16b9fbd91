import type { Comparison, Contestant } from './comparison.ts'
import { EXEC_SUBJECTS, type ExecSubject } from './exec-subject.ts'
import { cpuSeconds } from './process-figures.ts'
import { readAll } from './read-all.ts'

/** Lines of a program, each a message. */
export function execComparison(lines: number): Comparison {
  const contestants = EXEC_SUBJECTS.map((subject) => ({
    name: subject.name,
    isThere: subject.isThere,
    measure: () => measure(subject, lines),
  }))
  const [ours, ...others] = contestants as [Contestant, ...Contestant[]]
  return { what: 'exec, lines of seq', unit: 'thousand lines', scale: 1000, ours, others }
}

async function measure({ name, start }: ExecSubject, lines: number): Promise<number> {
  const { url, program } = await start(['seq', String(lines)])
  const before = cpuSeconds(program.pid)
  const { messages, closeCode } = await readAll(url)
  if (messages !== lines) throw new Error(`${name}: ${messages} of ${lines} lines came, close ${closeCode}.`)
  const perSecond = lines / (cpuSeconds(program.pid) - before)
  await program[Symbol.asyncDispose]()
  return perSecond
}
