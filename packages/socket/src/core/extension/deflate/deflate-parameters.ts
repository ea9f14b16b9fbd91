import type { ExtensionParameters } from '../message-extension.ts'

/** The parameters of one offer or answer (RFC 7692 §7.1). */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  /** 8 to 15; `undefined` when it is not there. */
  readonly serverMaxWindowBits: number | undefined
  /** The same; `true` when it is there without a value, as only an offer may have it (§7.1.2.2). */
  readonly clientMaxWindowBits: number | true | undefined
}

/** Reads the parameters, or says what is wrong with them (§7.1): unknown, repeated, or with a value they cannot have. */
export function parseDeflateParameters(
  parameters: ExtensionParameters,
): DeflateParameters | { readonly fault: string } {
  const values = new Map<string, string | undefined>()
  for (const [name, value] of parameters) {
    if (values.has(name)) return { fault: `the parameter ${name} is there twice` }
    const rule = RULES.get(name)
    if (rule === undefined) return { fault: `the parameter ${name} is unknown` }
    if (!rule(value))
      return { fault: `the parameter ${name} cannot be ${value === undefined ? 'without a value' : value}` }
    values.set(name, value)
  }
  const clientBits = values.get('client_max_window_bits')
  return {
    serverNoContextTakeover: values.has('server_no_context_takeover'),
    clientNoContextTakeover: values.has('client_no_context_takeover'),
    serverMaxWindowBits: toBits(values.get('server_max_window_bits')),
    clientMaxWindowBits: clientBits === undefined && values.has('client_max_window_bits') ? true : toBits(clientBits),
  }
}

/** The reverse. */
export function encodeDeflateParameters(parameters: DeflateParameters): ExtensionParameters {
  const encoded: [string, string | undefined][] = []
  const { serverMaxWindowBits, clientMaxWindowBits } = parameters
  if (parameters.serverNoContextTakeover) encoded.push(['server_no_context_takeover', undefined])
  if (parameters.clientNoContextTakeover) encoded.push(['client_no_context_takeover', undefined])
  if (serverMaxWindowBits !== undefined) encoded.push(['server_max_window_bits', String(serverMaxWindowBits)])
  if (clientMaxWindowBits === true) encoded.push(['client_max_window_bits', undefined])
  else if (clientMaxWindowBits !== undefined) encoded.push(['client_max_window_bits', String(clientMaxWindowBits)])
  return encoded
}

type Rule = (value: string | undefined) => boolean

const isFlag: Rule = (value) => value === undefined
// §7.1.2.1: a decimal without leading zeros, 8 to 15.
const isWindowBits: Rule = (value) => value !== undefined && /^(?:[89]|1[0-5])$/.test(value)

const RULES: ReadonlyMap<string, Rule> = new Map([
  ['server_no_context_takeover', isFlag],
  ['client_no_context_takeover', isFlag],
  ['server_max_window_bits', isWindowBits],
  ['client_max_window_bits', (value) => isFlag(value) || isWindowBits(value)],
])

function toBits(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}
