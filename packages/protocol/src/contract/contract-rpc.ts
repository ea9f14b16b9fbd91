import type { Json } from '../packet/json.ts'
import type { SchemaInput, SchemaOutput } from './standard-schema.ts'

/** The methods of a contract; any, where it names none. */
export type MethodsOf<C> = C extends { readonly rpc: infer Methods } ? Methods : Readonly<Record<string, object>>

/** What a client calls a method with. */
export type RpcInput<Method> = Method extends { readonly input: infer Schema } ? SchemaInput<Schema> : Json | undefined

/** What the method is given: what its schema made of that. */
export type RpcReceived<Method> = Method extends { readonly input: infer Schema }
  ? SchemaOutput<Schema>
  : Json | undefined

/** What the method answers. */
export type RpcReturned<Method> = Method extends { readonly output: infer Schema }
  ? SchemaInput<Schema>
  : Json | undefined

/** What the client is answered: what its schema made of that. */
export type RpcOutput<Method> = Method extends { readonly output: infer Schema }
  ? SchemaOutput<Schema>
  : Json | undefined
