import type { Json } from '../packet/json.ts'
import type { SchemaInput, SchemaOutput } from './standard-schema.ts'

/** The namespaces of a contract; any, where it names none. */
export type NamespacesOf<C> = C extends { readonly namespaces: infer Namespaces }
  ? Namespaces
  : Readonly<Record<string, object>>

/** What is before the first `:` of a channel's name. */
type NamePrefix<Channel extends string> = Channel extends `${infer Namespace}:${string}` ? Namespace : ''

/** The namespace that a channel is in: that of its name, or else `'*'`, if the contract has that; `never` when it is in none. */
export type NamespaceOf<C, Channel extends string> =
  NamePrefix<Channel> extends keyof NamespacesOf<C>
    ? NamePrefix<Channel>
    : '*' extends keyof NamespacesOf<C>
      ? '*'
      : never

/** The channels of a contract. Those of the default namespace (`''`) are any name without a `:`, for which there is no type: any name. So are those of `'*'`. */
export type ChannelOf<C> = {
  [Name in keyof NamespacesOf<C> & string]: Name extends '' | '*' ? string : `${Name}:${string}`
}[keyof NamespacesOf<C> & string]

/** `Channel`, if it is one of the contract's, or a name that is not known before the program runs; otherwise those that there are. */
export type CheckedChannel<C, Channel extends string> = string extends Channel
  ? Channel
  : [NamespaceOf<C, Channel>] extends [never]
    ? ChannelOf<C>
    : Channel

/** What can be published to a channel: what its schema takes. */
export type PublicationInput<C, Channel extends string> = string extends Channel
  ? Json | Uint8Array
  : NamespaceOf<C, Channel> extends infer Name extends keyof NamespacesOf<C>
    ? NamespaceInput<NamespacesOf<C>[Name]>
    : never

/** What is delivered from a channel: what its schema made of that. */
export type PublicationOutput<C, Channel extends string> = string extends Channel
  ? Json | Uint8Array
  : NamespaceOf<C, Channel> extends infer Name extends keyof NamespacesOf<C>
    ? NamespaceOutput<NamespacesOf<C>[Name]>
    : never

/** What can be published in a namespace. */
export type NamespaceInput<Namespace> = Namespace extends { readonly publication: infer Schema }
  ? SchemaInput<Schema>
  : Json | Uint8Array

/** What is delivered in it. */
export type NamespaceOutput<Namespace> = Namespace extends { readonly publication: infer Schema }
  ? SchemaOutput<Schema>
  : Json | Uint8Array
