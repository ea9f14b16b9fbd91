import { spawnSync } from 'node:child_process'

/** The Python that Debian's packages are for; another one may come first on the PATH. */
export const SYSTEM_PYTHON: string = '/usr/bin/python3'

/** Whether Debian's Python has a module. */
export function hasPythonModule(name: string): boolean {
  return spawnSync(SYSTEM_PYTHON, ['-c', `import ${name}`]).status === 0
}
