import type { Publication } from './publication.ts'

/** Data as a client has them: bytes come as base64. */
export type ClientData<Data> = Data extends Uint8Array ? string : Data

/** What the data say they are, where their types say it. */
type TypeOf<Data> = Data extends { readonly type: infer Type extends string } ? Type : never

/** Handlers by message type. Where data have a `type` of known values, those are the names, each with its own data. */
export type MessageHandlers<Data> = [TypeOf<Data>] extends [never]
  ? MessageHandlersByName<Data>
  : string extends TypeOf<Data>
    ? MessageHandlersByName<Data>
    : {
        readonly [Type in TypeOf<Data>]?: MessageHandler<Extract<Data, { readonly type: Type }>>
      }

/** Handlers whose names the compiler does not know. */
type MessageHandlersByName<Data> = { readonly [type: string]: MessageHandler<Data> }

/** Is given the data, and the publication that carried them. */
export type MessageHandler<Data> = (data: Data, publication: Publication<Data>) => void
