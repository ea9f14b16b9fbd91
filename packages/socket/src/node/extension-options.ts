import {
  isToken,
  type MessageExtension,
  PerMessageDeflate,
  type PerMessageDeflateOptions,
  UsageError,
} from '../core/index.ts'
import { nodeDeflate } from './node-deflate.ts'
import { publicDeflate } from './public-deflate.ts'
import type { SocketOptions } from './socket-options.ts'

/** Which extensions a server or client speaks. */
export interface ExtensionOptions {
  /**
   * permessage-deflate (RFC 7692): `true`, `false`, or how. Default: a client offers it; a server has it off, because it
   * costs time and because compressing secrets beside what an attacker can choose gives them away (CRIME, BREACH).
   * Throws `UsageError` `ERR_OPTION` for a value out of range.
   */
  readonly perMessageDeflate?: boolean | PerMessageDeflateOptions
  /** Further extensions, most wanted first, before permessage-deflate. Default: none. */
  readonly extensions?: readonly MessageExtension[]
}

/**
 * The extensions that are spoken, most wanted first; `io` says with which calls of zlib. Throws `UsageError` `ERR_OPTION` for an option out of range, for a
 * name that is no token or is there twice, and for what is no `MessageExtension`.
 */
export function resolveExtensions(
  options: ExtensionOptions & Pick<SocketOptions, 'io'>,
  deflateByDefault: boolean,
): readonly MessageExtension[] {
  const { extensions = [], perMessageDeflate = deflateByDefault, io } = options
  const spoken = [...extensions]
  if (perMessageDeflate !== false) {
    const port = io === 'public' ? publicDeflate : nodeDeflate
    spoken.push(new PerMessageDeflate(perMessageDeflate === true ? {} : checked(perMessageDeflate), port))
  }
  const names = new Set<string>()
  for (const extension of spoken) {
    const { name } = extension
    if (!isToken(name)) throw wrong(`has ${JSON.stringify(name)}, which is no token (RFC 6455 §9.1)`)
    if (names.has(name)) throw wrong(`has ${name} twice`)
    checkExtension(extension)
    names.add(name)
  }
  return spoken
}

function checked(options: unknown): PerMessageDeflateOptions {
  if (typeof options === 'object' && options !== null) return options
  throw new UsageError(
    'ERR_OPTION',
    `Option perMessageDeflate must be true, false or an object of options; it is ${String(options)}.`,
  )
}

/** Applications need not be written in TypeScript; better here than in the first handshake. */
function checkExtension(extension: MessageExtension): void {
  const { name, reservedBit } = extension
  if (![0, 1, 2, 4].includes(reservedBit)) {
    throw wrong(`has ${name} with reservedBit ${String(reservedBit)}; RSV1 is 4, RSV2 2, RSV3 1, and 0 marks nothing`)
  }
  const missing = (['offer', 'accept', 'confirm'] as const).find((method) => typeof extension[method] !== 'function')
  if (missing !== undefined) throw wrong(`has ${name} without the method ${missing}`)
}

function wrong(what: string): UsageError {
  return new UsageError('ERR_OPTION', `Option extensions ${what}.`)
}
