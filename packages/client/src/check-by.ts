import type { Contract, StandardIssue } from '@wigwag/protocol'
import type { PublicationCheck } from './publication/faults-by.ts'

/**
 * Checks what comes by a contract's schemas, for option `check`: against a hub with another version of it. Data stay as they came, and
 * were made by the schema at the hub: one that does not take what it makes (a text that it turns into a number) is no check. Neither
 * is one that is asynchronous.
 */
export function checkBy({ namespaces = {} }: Contract): PublicationCheck {
  return (channel, data) => {
    const [prefix = ''] = channel.includes(':') ? channel.split(':', 1) : ['']
    const name = [prefix, '*'].find((each) => Object.hasOwn(namespaces, each))
    const schema = name === undefined ? undefined : namespaces[name]?.publication
    const result = schema?.['~standard'].validate(data)
    if (result === undefined || result instanceof Promise || result.issues === undefined) return undefined
    return result.issues.slice(0, MAX_ISSUES).map(describeIssue).join('; ')
  }
}

const MAX_ISSUES = 8

function describeIssue({ message, path = [] }: StandardIssue): string {
  const at = path.map((each) => String(typeof each === 'object' ? each.key : each))
  return `${['data', ...at].join('.')}: ${message}`
}
