import type { Role } from '@wigwag/socket/core'
import type { ConformanceCase } from './conformance-case.ts'
import { Exchange } from './exchange.ts'
import { Fault } from './fault.ts'
import type { Subject } from './line.ts'

/** Whether a case concerns a subject in this role. */
export function concerns(conformanceCase: ConformanceCase, role: Role, subject: Subject): boolean {
  const { roles, over, options = {} } = conformanceCase
  return roles.includes(role) && (over === undefined || subject.transport === over) && subject.supports(role, options)
}

/** Plays every exchange of a case. Resolves with what the subject did wrong; nothing when it conforms. */
export async function judgeCase(
  conformanceCase: ConformanceCase,
  role: Role,
  subject: Subject,
): Promise<string | undefined> {
  const { exchanges, options = {}, fromTheStart = false } = conformanceCase
  for (const [index, steps] of exchanges.entries()) {
    if (!isPlayed(index, exchanges.length, subject.mostExchanges ?? Infinity)) continue
    const { line, application, dispose } = await subject.connect(role, options)
    const exchange = new Exchange(role, line, application, subject.strictness === 'exact')
    let at = 'the opening handshake'
    try {
      if (!fromTheStart) await exchange.open()
      for (const [number, step] of steps.entries()) {
        at = `step ${number + 1} (${step.do === 'check' ? step.what : step.do})`
        await exchange.play(step)
      }
      at = 'the end'
      await exchange.finish()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return `${exchanges.length > 1 ? `exchange ${index + 1} of ${exchanges.length}, ` : ''}${at}: ${error.message}`
    } finally {
      await dispose()
    }
  }
  return undefined
}

/** Picks `most` of `count` exchanges at equal distances, the first and the last included. */
function isPlayed(index: number, count: number, most: number): boolean {
  if (count <= most || index === count - 1) return true
  const place = (at: number): number => Math.floor((at * (most - 1)) / (count - 1))
  return index === 0 || place(index) !== place(index - 1)
}
