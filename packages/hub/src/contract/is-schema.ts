import type { StandardSchema } from '@wigwag/protocol'

/** Whether something is a schema by version 1 of the specification. Some libraries' schemas are functions. */
export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard = (value as Partial<StandardSchema>)['~standard']
  return standard?.version === 1 && typeof standard.validate === 'function'
}
