import type { Json } from '../packet/json.ts'
import type { StandardSchema } from './standard-schema.ts'

/** What a schema of publications may make of them: what can be published. */
export type PublicationSchema = StandardSchema<unknown, Json | Uint8Array>

/** What the channels of a namespace carry. */
export interface NamespaceContract {
  /** What every publication is. What the schema makes of it is what is stored and delivered. Absent: anything. */
  readonly publication?: PublicationSchema
}

/** What a method is called with, and what it answers. */
export interface RpcContract {
  /** What clients call it with. The method is given what the schema makes of it. Absent: any JSON value, or nothing. */
  readonly input?: StandardSchema
  /** What it answers. Clients are sent what the schema makes of it. Absent: any JSON value, or nothing. */
  readonly output?: StandardSchema<unknown, Json | undefined>
}

/** What a hub and its clients agree on. */
export interface Contract {
  /** All namespaces, by name; `''` is that of channels without a `:`. Absent: any channel carries anything. */
  readonly namespaces?: Readonly<Record<string, NamespaceContract>>
  /** All methods that clients can call. Absent: any, with anything. */
  readonly rpc?: Readonly<Record<string, RpcContract>>
}

/**
 * What a hub and its clients agree on, with the types of its schemas. It is returned as it is: the hub checks by it, and
 * a client needs no more of it than its type (`import type`).
 */
export function defineContract<const C extends Contract>(contract: C): C {
  return contract
}
