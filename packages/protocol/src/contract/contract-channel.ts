import type { Json } from '../packet/json.ts'
import type { SchemaInput, SchemaOutput } from './standard-schema.ts'

/** The namespaces of a contract; any, where it names none. */
export type NamespacesOf<C> = C extends { readonly namespaces: infer Namespaces }
  ? Namespaces
  : Readonly<Record<string, object>>

/** The namespace that a channel is in: what is before its first `:`. */
export type NamespaceOf<Channel extends string> = Channel extends `${infer Namespace}:${string}` ? Namespace : ''

/** The channels of a contract. Those of the default namespace (`''`) are any name without a `:`, for which there is no type: any name. */
export type ChannelOf<C> = {
  [Name in keyof NamespacesOf<C> & string]: Name extends '' ? string : `${Name}:${string}`
}[keyof NamespacesOf<C> & string]

/** `Channel`, if it is one of the contract's, or a name that is not known before the program runs; otherwise those that there are. */
export type CheckedChannel<C, Channel extends string> = string extends Channel
  ? Channel
  : NamespaceOf<Channel> extends keyof NamespacesOf<C>
    ? Channel
    : ChannelOf<C>

/** What can be published to a channel: what its schema takes. */
export type PublicationInput<C, Channel extends string> = string extends Channel
  ? Json | Uint8Array
  : NamespaceOf<Channel> extends keyof NamespacesOf<C>
    ? NamespaceInput<NamespacesOf<C>[NamespaceOf<Channel>]>
    : never

/** What is delivered from a channel: what its schema made of that. */
export type PublicationOutput<C, Channel extends string> = string extends Channel
  ? Json | Uint8Array
  : NamespaceOf<Channel> extends keyof NamespacesOf<C>
    ? NamespaceOutput<NamespacesOf<C>[NamespaceOf<Channel>]>
    : never

/** What can be published in a namespace. */
export type NamespaceInput<Namespace> = Namespace extends { readonly publication: infer Schema }
  ? SchemaInput<Schema>
  : Json | Uint8Array

/** What is delivered in it. */
export type NamespaceOutput<Namespace> = Namespace extends { readonly publication: infer Schema }
  ? SchemaOutput<Schema>
  : Json | Uint8Array
