/** What programs get of our own environment unless told otherwise: where programs and their libraries are. */
const DEFAULT_NAMES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['PATH', 'DYLD_LIBRARY_PATH'],
  win32: ['PATH', 'SystemRoot', 'COMSPEC', 'PATHEXT', 'WINDIR'],
}

/** The names of variables that are passed on by default, on this system. */
export const DEFAULT_PASSED_NAMES: readonly string[] = DEFAULT_NAMES[process.platform] ?? ['PATH', 'LD_LIBRARY_PATH']

/** Those of `source` that have one of the names. Never `HTTPS`: a program trusts it to say how its own client came in. */
export function passedEnvironment(
  names: readonly string[] = DEFAULT_PASSED_NAMES,
  source: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const passed: Record<string, string> = Object.create(null)
  for (const name of names) {
    const value = source[name]
    if (value !== undefined && name !== 'HTTPS') passed[name] = value
  }
  return passed
}
