import { ProgramsError } from './programs-error.ts'

/** Throws `ProgramsError` `ERR_PROGRAM_OPTION` unless `value` is a whole number from `lowest` up. */
export function checkNumberOption(name: string, value: unknown, lowest: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= lowest) return
  throw new ProgramsError(
    'ERR_PROGRAM_OPTION',
    `Option ${name} must be a whole number from ${lowest} up; it is ${String(value)}.`,
  )
}

/** Throws `ProgramsError` `ERR_PROGRAM_OPTION` unless `value` is one of `modes`. */
export function checkModeOption(name: string, value: unknown, modes: readonly string[]): void {
  if (modes.includes(value as string)) return
  throw new ProgramsError(
    'ERR_PROGRAM_OPTION',
    `Option ${name} must be one of ${modes.map((mode) => `'${mode}'`).join(', ')}; it is ${String(value)}.`,
  )
}
