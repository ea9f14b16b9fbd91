import type {
  Contract,
  MethodsOf,
  NamespaceContract,
  NamespacesOf,
  PublicationSchema,
  RpcContract,
  StandardSchema,
} from '@wigwag/protocol'
import { isSchema } from './contract/is-schema.ts'
import { HubError } from './error/hub-error.ts'
import type { HubOptions } from './hub-options.ts'
import type { NamespaceBehavior, NamespaceOptions } from './namespace/namespace-options.ts'
import type { ContractRpcFunction, Rpc, RpcForAll, RpcFunction, RpcMethod } from './session/rpc.ts'

/** The options of a hub in the words of its contract: how its namespaces behave, and what its methods do. */
export interface ContractOptions<C extends Contract> {
  /** What the hub and its clients agree on. It names all namespaces and methods that there are. */
  readonly contract: C
  /** How the contract's namespaces behave, and who may do what in them. Those left out have the defaults. */
  readonly namespaces?: C extends { readonly namespaces: object }
    ? { readonly [Name in keyof NamespacesOf<C>]?: NamespaceBehavior<SchemaOf<NamespacesOf<C>[Name]>> }
    : Readonly<Record<string, NamespaceOptions>>
  /** What the contract's methods do, each by its name or one function for all. Default: nothing can be called. */
  readonly rpc?: C extends { readonly rpc: object }
    ? { readonly [Name in keyof MethodsOf<C>]: ContractRpcFunction<MethodsOf<C>[Name]> } | RpcForAll
    : Rpc
}

/** The options of a hub without a contract: what its channels and methods carry stands with them. */
export interface SchemaOptions<Schemas, Methods> {
  readonly contract?: undefined
  /** As in `SessionsOptions`. */
  readonly namespaces?: { readonly [Name in keyof Schemas]: NamespaceOptions<Schemas[Name]> }
  /** As in `SessionsOptions`. */
  readonly rpc?: Methods
}

/** The contract that such options amount to. */
export interface ContractOf<Schemas, Methods> {
  readonly namespaces: {
    readonly [Name in keyof Schemas]: Schemas[Name] extends PublicationSchema
      ? { readonly publication: Schemas[Name] }
      : object
  }
  readonly rpc: Methods extends RpcForAll
    ? Readonly<Record<string, object>>
    : { readonly [Name in keyof Methods]: ContractOfMethod<Methods[Name]> }
}

type SchemaOf<Namespace> = Namespace extends { readonly publication: infer Schema } ? Schema : undefined

type ContractOfMethod<Method> =
  Method extends RpcMethod<
    infer Input extends RpcContract['input'] | undefined,
    infer Output extends RpcContract['output'] | undefined
  >
    ? (Input extends StandardSchema ? { readonly input: Input } : object) &
        (Output extends undefined ? object : { readonly output: Output })
    : object

/** What clients can call, by name. */
export type NamedMethods = Readonly<Record<string, RpcFunction | RpcMethod>>

/** A contract and the namespaces that there are, with their schemas. */
export interface ResolvedContract {
  readonly contract: Contract
  /** Nothing: every channel is in one. */
  readonly namespaces: Readonly<Record<string, NamespaceOptions>> | undefined
}

/** Throws `HubError` `ERR_OPTION` that names what the contract and the other options disagree on. */
export function resolveContract(options: HubOptions): ResolvedContract {
  const { contract, namespaces, rpc } = options
  if (contract === undefined) return { contract: contractOf(options), namespaces }
  checkMethods(contract.rpc, rpc)
  return {
    // What the contract leaves open, the options say.
    contract: { ...contractOf(options), ...contract },
    namespaces: contract.namespaces === undefined ? namespaces : namespacesOf(contract.namespaces, namespaces),
  }
}

function contractOf({ namespaces, rpc }: HubOptions): Contract {
  const carried = Object.entries(namespaces ?? {}).map(([name, { schema }]): [string, NamespaceContract] => [
    name,
    schema === undefined ? {} : { publication: schema },
  ])
  return { ...(namespaces && { namespaces: Object.fromEntries(carried) }), ...methodsOf(rpc) }
}

/** What the methods' own schemas say. */
function methodsOf(rpc: Rpc | undefined): { readonly rpc?: Readonly<Record<string, RpcContract>> } {
  if (rpc === undefined || typeof rpc === 'function') return {}
  const methods = Object.entries(rpc).map(([name, method]): [string, RpcContract] => {
    const { input, output } = typeof method === 'function' ? ({} as RpcContract) : method
    for (const [part, schema] of Object.entries({ input, output })) checkSchema(`rpc.${name}.${part}`, schema)
    return [name, { ...(input && { input }), ...(output && { output }) }]
  })
  return { rpc: Object.fromEntries(methods) }
}

function namespacesOf(
  contract: Readonly<Record<string, NamespaceContract>>,
  namespaces: Readonly<Record<string, NamespaceOptions>> = {},
): Readonly<Record<string, NamespaceOptions>> {
  for (const [name, { schema }] of Object.entries(namespaces)) {
    if (!Object.hasOwn(contract, name)) throw unknownName('namespaces', name)
    if (schema !== undefined) {
      throw new HubError(
        'ERR_OPTION',
        `Option namespaces[${JSON.stringify(name)}].schema is given, and so is a contract, which says it.`,
      )
    }
  }
  return Object.fromEntries(
    Object.entries(contract).map(([name, { publication: schema }]) => {
      checkSchema(`contract.namespaces[${JSON.stringify(name)}].publication`, schema)
      return [name, { ...namespaces[name], ...(schema && { schema }) }]
    }),
  )
}

function checkMethods(contract: Contract['rpc'], rpc: Rpc | undefined): void {
  if (contract === undefined) return
  for (const [name, { input, output }] of Object.entries(contract)) {
    for (const [part, schema] of Object.entries({ input, output })) checkSchema(`contract.rpc.${name}.${part}`, schema)
  }
  if (rpc === undefined || typeof rpc === 'function') return
  for (const [name, method] of Object.entries(rpc)) {
    if (!Object.hasOwn(contract, name)) throw unknownName('rpc', name)
    if (typeof method !== 'function') {
      throw new HubError('ERR_OPTION', `Option rpc.${name} must be a function: the contract has its schemas.`)
    }
  }
  const missing = Object.keys(contract).find((name) => !Object.hasOwn(rpc, name))
  if (missing === undefined) return
  throw new HubError('ERR_OPTION', `Option rpc has no ${JSON.stringify(missing)}, which the contract names.`)
}

function unknownName(option: string, name: string): HubError {
  return new HubError('ERR_OPTION', `Option ${option} has ${JSON.stringify(name)}, which the contract does not name.`)
}

function checkSchema(path: string, schema: unknown): void {
  if (schema === undefined || isSchema(schema)) return
  throw new HubError('ERR_OPTION', `${path} must be a schema of Standard Schema, version 1; it is ${typeof schema}.`)
}
