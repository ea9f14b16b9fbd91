import type { StandardIssue, StandardResult, StandardSchema } from '@wigwag/protocol'
import { ContractError, type ContractErrorCode, type ContractIssue } from './contract-error.ts'

/** Most issues that an error names (count): one value may have as many as a message has room for. */
const MAX_ISSUES = 8
/** Longest description of one (characters): what is wrong may be a long name, or be quoted. */
const MAX_ISSUE_LENGTH = 240

/** What a value is, for whoever reads the error. */
export interface DataSubject {
  readonly code: ContractErrorCode
  /** Whose it is, as in `orders:42`, and what of it, as in `data`. */
  readonly owner: string
  readonly part: string
}

/**
 * What a schema makes of a value: at once, or with a promise where the schema is asynchronous. Throws, or rejects with,
 * `ContractError` when it does not fit, or whatever the schema throws itself.
 */
export function checkData<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  subject: DataSubject,
): Output | Promise<Output> {
  const result = schema['~standard'].validate(value)
  return 'then' in result ? result.then((late) => outputOf(late, subject)) : outputOf(result, subject)
}

function outputOf<Output>(result: StandardResult<Output>, subject: DataSubject): Output {
  if (result.issues === undefined) return result.value
  const { code, owner, part } = subject
  const issues = result.issues.slice(0, MAX_ISSUES).map(contractIssue)
  const named = issues.map((issue) => cut(`${part}${describePath(issue.path)}: ${issue.message}`)).join('; ')
  const left = result.issues.length - issues.length
  throw new ContractError(code, `${owner} ${named}${left > 0 ? `; and ${left} more` : ''}`, issues)
}

function contractIssue({ path = [], message }: StandardIssue): ContractIssue {
  return { path: path.map((step) => (typeof step === 'object' ? step.key : step)), message }
}

/** As it would be written in a program: `.lines[3]["unit price"]`. */
function describePath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => {
      if (typeof key === 'string' && /^[A-Za-z_$][\w$]*$/.test(key)) return `.${key}`
      return `[${typeof key === 'string' ? JSON.stringify(key) : String(key)}]`
    })
    .join('')
}

function cut(text: string): string {
  return text.length <= MAX_ISSUE_LENGTH
    ? text
    : `${text.slice(0, MAX_ISSUE_LENGTH - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}
