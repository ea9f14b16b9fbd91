import { readFileSync } from 'node:fs'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { checkBasePath } from '@wigwag/hub/node'
import { describeRedis } from '@wigwag/redis'
import { AddressSet } from '@wigwag/socket'
import { parseHost } from '@wigwag/socket/core'
import { InvalidArgumentError } from 'commander'
import { CliError, describeError, ExitCode } from './cli-error.ts'

/** A TCP port; 0 stands for any free one. */
export function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number from 0 (any free port) to 65535.')
}

/** A whole number from 0 up. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count
  throw new InvalidArgumentError('It takes a whole number.')
}

/** A whole number from 1 up. */
export function parseLimit(text: string): number {
  const limit = parseCount(text)
  if (limit > 0) return limit
  throw new InvalidArgumentError('It takes a whole number from 1 up.')
}

/** Collects addresses and subnets. */
export function collectAddresses(text: string, previous: readonly string[] | undefined): readonly string[] {
  try {
    new AddressSet('', [text])
  } catch {
    throw new InvalidArgumentError('It takes an address (10.0.0.5), a subnet (10.0.0.0/8), or "loopback".')
  }
  return collect(text, previous)
}

/** The same, or `*` for all. */
export function collectExempt(text: string, previous: readonly string[] | undefined): readonly string[] {
  return text === '*' ? collect(text, previous) : collectAddresses(text, previous)
}

/** Collects origins, or `*` for all. `null` is what sandboxed pages and files say of themselves. */
export function collectOrigins(text: string, previous: readonly string[] | undefined): readonly string[] {
  const isOrigin = URL.canParse(text) && new URL(text).origin === text
  if (isOrigin || text === '*' || text === 'null') return collect(text, previous)
  throw new InvalidArgumentError('An origin is scheme, host and port, with nothing behind: https://app.example.com.')
}

/**
 * Collects what websocketd's `--origin` takes: `[scheme://]host[:port]` between commas, or `*`. Without a scheme both are meant.
 */
export function collectProgramOrigins(text: string, previous: readonly string[] | undefined): readonly string[] {
  return text.split(',').reduce<readonly string[]>((origins, entry) => {
    const both =
      entry.includes('://') || entry === '*' || entry === 'null' ? [entry] : [`http://${entry}`, `https://${entry}`]
    return both.reduce<readonly string[]>((all, origin) => collectOrigins(withoutDefaultPort(origin), all), origins)
  }, previous ?? [])
}

/** An origin has no port that its scheme implies. */
function withoutDefaultPort(origin: string): string {
  return origin.replace(/^(http:.*):80$/, '$1').replace(/^(https:.*):443$/, '$1')
}

/** Collects names of variables, several at once between commas. */
export function collectNames(text: string, previous: readonly string[] | undefined): readonly string[] {
  const names = text === '' ? [] : text.split(',')
  if (names.every((name) => /^[A-Za-z_]\w*$/.test(name))) return [...(previous ?? []), ...names]
  throw new InvalidArgumentError('It takes names of variables, between commas: PATH,HOME.')
}

/** Collects names for `Host`, or `*` for all. Ports are not compared, so a name with one would never match. */
export function collectHosts(text: string, previous: readonly string[] | undefined): readonly string[] {
  const host = parseHost(text)
  if (text === '*' || (host !== undefined && host.port === '' && !text.endsWith(':'))) return collect(text, previous)
  throw new InvalidArgumentError('It takes a name without scheme and port: push.example.com.')
}

/** A path below which everything is served. */
export function parseBasePath(text: string): string {
  try {
    checkBasePath(text)
  } catch {
    throw new InvalidArgumentError('A base path starts with "/", does not end with it, and has no query: /push.')
  }
  return text
}

/** Where Redis is. */
export function parseRedisUrl(text: string): string {
  try {
    describeRedis(text)
  } catch (error) {
    // Commander would repeat the argument, and the password in it.
    throw new CliError(`--redis: ${describeError(error)}`, ExitCode.usage)
  }
  return text
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** A duration: a number with a unit, as in `500ms`, `30s`, `5m`, `1h`. In milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+)(ms|s|m|h)$/.exec(text)
  const durationMs = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ''] ?? Number.NaN)
  if (Number.isSafeInteger(durationMs) && durationMs > 0) return durationMs
  throw new InvalidArgumentError('A duration is a number with a unit: 500ms, 30s, 5m, 1h.')
}

/** A duration, or 0. */
export function parseDrain(text: string): number {
  return text === '0' ? 0 : parseDuration(text)
}

/** Collects an option that may be repeated. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value]
}

/** The same, where `--no-…` has set the option to `false` or left it at `true`. */
export function collectPatterns(value: string, previous: readonly string[] | boolean | undefined): readonly string[] {
  return collect(value, typeof previous === 'object' ? previous : undefined)
}

/** Collects keys of the API, several at once between commas. What is wrong with one is told later, without it. */
export function collectApiKeys(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), ...text.split(',')]
}

/** A header: `Name: value`. */
export function parseHeader(
  text: string,
  previous: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const colon = text.indexOf(':')
  const [name, value] = [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
  if (colon <= 0 || !isHeader(name, value)) throw new InvalidArgumentError('A header is written "Name: value".')
  return { ...previous, [name]: value }
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    return false
  }
}

const WHY_UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'you may not read it',
  EISDIR: 'it is a folder',
}

/** The bytes of a file that an option names. */
export function readOptionFile(option: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = WHY_UNREADABLE[code ?? ''] ?? message
    throw new CliError(`Cannot read ${path} (${option}): ${why}. Check the path and its permissions.`)
  }
}
