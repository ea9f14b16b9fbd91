import { ErrorCode } from '@wigwag/protocol'
import * as v from 'valibot'
import type { Hub } from '../../hub.ts'
import { ApiError } from './api-error.ts'
import type { ResolvedApiOptions } from './api-options.ts'

/** What a method works with. */
export interface ApiContext {
  readonly hub: Hub
  readonly options: ResolvedApiOptions
}

/** A method of the API, with what it takes and answers. */
export interface ApiMethod {
  /** What it does, in a line. */
  readonly summary: string
  readonly request: v.GenericSchema
  readonly result: v.GenericSchema
  /** Calls it. Rejects with `ApiError` 107 for a request that it does not take, and with whatever the hub rejects with. */
  call(context: ApiContext, request: unknown): Promise<object>
}

/** Makes a method of a function that only sees requests as they should be. */
export function apiMethod<Request extends v.GenericSchema, Result extends v.GenericSchema<object>>(
  summary: string,
  request: Request,
  result: Result,
  run: (context: ApiContext, request: v.InferOutput<Request>) => Promise<v.InferInput<Result>>,
): ApiMethod {
  return {
    summary,
    request,
    result,
    call: async (context, given) => {
      // To a schema of an object a list is one.
      if (Array.isArray(given)) throw new ApiError(ErrorCode.badRequest, NO_OBJECT)
      const parsed = v.safeParse(request, given, { abortEarly: true })
      if (!parsed.success) throw new ApiError(ErrorCode.badRequest, describeIssue(request, parsed.issues[0]))
      return run(context, parsed.output)
    },
  }
}

const NO_OBJECT = 'the request must be a JSON object'

/** Which field is wrong, and what it takes. */
function describeIssue(schema: v.GenericSchema, issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue)
  if (path === null) return NO_OBJECT
  if (issue.type !== 'object' || issue.received !== 'undefined') return `"${path}" ${issue.message}`
  // What is missing is its object's fault, which does not say what the field takes.
  const { entries } = schema as { entries?: Readonly<Record<string, { readonly message?: unknown }>> }
  const message = entries?.[path]?.message
  return typeof message === 'string' ? `"${path}" is missing: it ${message}` : `"${path}" is missing`
}
