import { HubError } from '../error/hub-error.ts'

/** Codes of what does not fit a contract. */
export type ContractErrorCode = 'ERR_PUBLICATION_INVALID' | 'ERR_RPC_INPUT' | 'ERR_RPC_OUTPUT'

/** One thing that a schema says is wrong. */
export interface ContractIssue {
  /** Where, from the value inwards: names of properties and places in lists. Empty: the value itself. */
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** Something does not fit its schema. The message names all that `issues` has. */
export class ContractError extends HubError {
  /** What is wrong, the first eight things. */
  readonly issues: readonly ContractIssue[]

  constructor(code: ContractErrorCode, message: string, issues: readonly ContractIssue[]) {
    super(code, message)
    this.name = 'ContractError'
    this.issues = issues
  }
}
