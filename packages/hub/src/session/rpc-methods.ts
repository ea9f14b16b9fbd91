import type { Json, RpcContract, StandardSchema } from '@wigwag/protocol'
import { checkData } from '../contract/check-data.ts'
import type { ContractErrorCode } from '../contract/contract-error.ts'
import { ApplicationRefusal } from '../namespace/refuse.ts'
import type { ClientSession } from './client-session.ts'
import type { Rpc, RpcAnswer } from './rpc.ts'

/** What clients can call, and what it is called with and answers. */
export class RpcMethods {
  readonly #rpc: Rpc
  readonly #contract: Readonly<Record<string, RpcContract>> | undefined

  /** `contract` names all methods that there are; left out, `rpc` does. */
  constructor(rpc: Rpc, contract?: Readonly<Record<string, RpcContract>>) {
    this.#rpc = rpc
    this.#contract = contract
  }

  /** Whether there is a method of this name. */
  has(name: string): boolean {
    if (this.#contract !== undefined) return Object.hasOwn(this.#contract, name)
    return typeof this.#rpc === 'function' || Object.hasOwn(this.#rpc, name)
  }

  /** Calls a method that there is. Rejects with `ContractError`, or with what the method or a schema throws. */
  async call(name: string, data: Json | undefined, session: ClientSession): Promise<RpcAnswer> {
    const { input, output } = this.#contract?.[name] ?? {}
    const checked = check(input, data, 'ERR_RPC_INPUT', name, 'data')
    // Calls are made in the order in which they came, unless a schema takes its time.
    const received = checked instanceof Promise ? await checked : checked
    const answer = await this.#answer(name, received, session)
    if (answer instanceof ApplicationRefusal) return answer
    return (await check(output, answer, 'ERR_RPC_OUTPUT', name, 'answer')) as Json | undefined
  }

  #answer(name: string, received: unknown, session: ClientSession): unknown {
    if (typeof this.#rpc === 'function') return this.#rpc(name, received as Json | undefined, session)
    const method = this.#rpc[name]
    return typeof method === 'function'
      ? method(received as Json | undefined, session)
      : method?.answer(received, session)
  }
}

function check(
  schema: StandardSchema | undefined,
  value: unknown,
  code: ContractErrorCode,
  owner: string,
  part: string,
): unknown {
  return schema === undefined ? value : checkData(schema, value, { code, owner, part })
}
