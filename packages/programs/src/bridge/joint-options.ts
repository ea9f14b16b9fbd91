import { checkNumberOption } from '../check-option.ts'

/** How the two ends of a bridge are held together. */
export interface JointOptions {
  /** Time without a byte in either direction after which a connection is closed, in milliseconds: 1001. Default 0: never. */
  readonly idleTimeoutMs?: number
  /** How long a target may take to read what it was sent, and to end, once its client has left, in milliseconds. Default 5,000; then it is reset. */
  readonly lingerMs?: number
}

/** `JointOptions` with every default filled in. */
export type ResolvedJointOptions = Required<JointOptions>

const DEFAULTS = { idleTimeoutMs: 0, lingerMs: 5_000 } as const

/** Fills in the defaults. Throws `ProgramsError` `ERR_PROGRAM_OPTION` that names the option and what it takes. */
export function resolveJointOptions({ idleTimeoutMs, lingerMs }: JointOptions): ResolvedJointOptions {
  const resolved = {
    idleTimeoutMs: idleTimeoutMs ?? DEFAULTS.idleTimeoutMs,
    lingerMs: lingerMs ?? DEFAULTS.lingerMs,
  }
  checkNumberOption('idleTimeoutMs', resolved.idleTimeoutMs, 0)
  checkNumberOption('lingerMs', resolved.lingerMs, 1)
  return resolved
}
