import { UsageError } from '../../error/wigwag-error.ts'

/** How permessage-deflate (RFC 7692 §7) is negotiated and done; the same for every connection. */
export interface PerMessageDeflateOptions {
  /** Whether the server compresses every message on its own (§7.1.1.1): its contexts take no memory, small messages compress badly. Default false. */
  readonly serverNoContextTakeover?: boolean
  /** The same for what the client sends (§7.1.1.2). Default false. */
  readonly clientNoContextTakeover?: boolean
  /** Window of what the server sends, as a power of two of bytes, 8 to 15 (§7.1.2.1). Default 12: 4 KiB a connection. 8 is allowed, but some peers fail with it. */
  readonly serverMaxWindowBits?: number
  /** The same for what the client sends (§7.1.2.2). Default 12. */
  readonly clientMaxWindowBits?: number
  /** Most of the agreed window that is used for what we send, as a power of two of bytes, 8 to 15. Default: all of it. */
  readonly outboundWindowBits?: number
  /** From how many bytes on, before compression, a message is compressed, unless `send` says otherwise. Default 128. */
  readonly thresholdBytes?: number
  /** Effort of the compressor: 1 (fast) to 9 (small). Default: 6 for messages below 1 KiB, 3 from there on: half the time, a tenth more bytes. */
  readonly level?: number
  /** Memory of the compressor while it works, 1 to 9 (zlib's memLevel). Default: 8 where compressors are kept and shared, else the window's bits less 8, at least 1. */
  readonly memLevel?: number
  /** Most final DEFLATE blocks in one message that comes (count). Default 64. Above it: close 1008. */
  readonly maxFinalBlocks?: number
}

/** `PerMessageDeflateOptions` with every default filled in. */
export interface ResolvedDeflateOptions extends Required<Omit<PerMessageDeflateOptions, 'level' | 'memLevel'>> {
  readonly level: number | undefined
  readonly memLevel: number | undefined
  /** Whether the application itself chose `serverMaxWindowBits`: a client then takes no larger window. */
  readonly serverWindowChosen: boolean
}

const DEFAULTS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
  outboundWindowBits: 15,
  thresholdBytes: 128,
  level: undefined,
  memLevel: undefined,
  maxFinalBlocks: 64,
} as const

/** Lowest and highest value of each numeric option. */
const RANGES = {
  serverMaxWindowBits: [8, 15],
  clientMaxWindowBits: [8, 15],
  outboundWindowBits: [8, 15],
  thresholdBytes: [0, Number.MAX_SAFE_INTEGER],
  level: [1, 9],
  memLevel: [1, 9],
  maxFinalBlocks: [1, Number.MAX_SAFE_INTEGER],
} as const

/** Fills in the defaults. Throws `UsageError` `ERR_OPTION` that names the option and what it takes. */
export function resolveDeflateOptions(options: PerMessageDeflateOptions): ResolvedDeflateOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const unknown = Object.keys(given).find((name) => !(name in DEFAULTS))
  if (unknown !== undefined) {
    throw new UsageError(
      'ERR_OPTION',
      `Option perMessageDeflate has no ${unknown}; it has ${Object.keys(DEFAULTS).join(', ')}.`,
    )
  }
  const resolved = {
    ...DEFAULTS,
    ...(given as PerMessageDeflateOptions),
    serverWindowChosen: 'serverMaxWindowBits' in given,
  }
  for (const [name, [lowest, highest]] of Object.entries(RANGES)) {
    const value = resolved[name as keyof typeof RANGES]
    if (value === undefined || (Number.isSafeInteger(value) && value >= lowest && value <= highest)) continue
    const range = highest === Number.MAX_SAFE_INTEGER ? `from ${lowest} up` : `from ${lowest} to ${highest}`
    throw wrong(name, `a whole number ${range}`, value)
  }
  for (const name of ['serverNoContextTakeover', 'clientNoContextTakeover'] as const) {
    if (typeof resolved[name] !== 'boolean') throw wrong(name, 'true or false', resolved[name])
  }
  return resolved
}

function wrong(name: string, wanted: string, value: unknown): UsageError {
  return new UsageError('ERR_OPTION', `Option perMessageDeflate.${name} must be ${wanted}; it is ${String(value)}.`)
}
