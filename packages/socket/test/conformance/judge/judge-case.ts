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

/** Up to so many exchanges of a case are played on every subject. */
const FEW = 8

/** Plays every exchange of a case. Resolves with what the subject did wrong; nothing when it conforms. */
export async function judgeCase(
  conformanceCase: ConformanceCase,
  role: Role,
  subject: Subject,
): Promise<string | undefined> {
  const { exchanges, options = {}, fromTheStart = false } = conformanceCase
  const { stride = 1 } = subject
  for (const [index, steps] of exchanges.entries()) {
    if (exchanges.length > FEW && index % stride !== 0) continue
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
