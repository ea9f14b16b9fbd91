import { ErrorCode, type Json } from '@wigwag/protocol'
import * as v from 'valibot'
import { ApiError, type ApiErrorPacket, apiErrorOf } from './api-error.ts'
import { count, flag, text } from './api-fields.ts'
import { type ApiContext, type ApiMethod, apiMethod } from './api-method.ts'
import { API_METHODS } from './api-methods.ts'

/** What one command of a batch is answered with: its result under its own name, or why there is none. */
type BatchReply = { readonly error: ApiErrorPacket } | { [method: string]: object }

const result: v.GenericSchema<object> = v.looseObject({})

/** Runs commands one after the other, or, with `parallel`, all at once. Its answer is not wrapped in `result`. */
export const batch: ApiMethod = apiMethod(
  'Runs several commands: one after the other, or all at once. Replies come in their order.',
  v.object({
    commands: v.array(
      v.record(text, v.any(), 'must be an object with one method and its request'),
      'must be a list of commands',
    ),
    parallel: v.optional(flag, false),
  }),
  v.object({
    replies: v.array(v.union([v.object({ error: v.object({ code: count, message: text }) }), v.record(text, result)])),
  }),
  async (context, { commands, parallel }) => {
    const { maxBatchCommands } = context.options
    if (commands.length > maxBatchCommands) {
      throw new ApiError(ErrorCode.badRequest, `"commands" must be a list of at most ${maxBatchCommands}`)
    }
    if (parallel) return { replies: await Promise.all(commands.map((command) => run(context, command))) }
    const replies: BatchReply[] = []
    for (const command of commands) replies.push(await run(context, command))
    return { replies }
  },
)

async function run(context: ApiContext, command: Record<string, Json>): Promise<BatchReply> {
  try {
    const [entry, ...others] = Object.entries(command)
    if (entry === undefined || others.length > 0) {
      throw new ApiError(ErrorCode.badRequest, 'a command must be an object with one method and its request')
    }
    const [name, request] = entry
    return { [name]: await findMethod(name).call(context, request) }
  } catch (error) {
    return { error: apiErrorOf(error) }
  }
}

/** A method by its name. Throws `ApiError` 104 when there is none. */
export function findMethod(name: string): ApiMethod {
  const method = API_METHODS.get(name)
  if (method === undefined) throw noMethod(name)
  return method
}

/** What is told to whoever calls what there is not. */
export function noMethod(name: string): ApiError {
  const known = [...API_METHODS.keys()].join(', ')
  const given = JSON.stringify(name.slice(0, 60))
  return new ApiError(ErrorCode.methodNotFound, `There is no method ${given}; there are ${known}, batch.`)
}
