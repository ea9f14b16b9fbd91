import { ErrorCode } from '@wigwag/protocol'
import * as v from 'valibot'
import type { PublishOptions } from '../../../broker/broker.ts'
import type { Publication } from '../../../publication/publication.ts'
import { ApiError, apiErrorOf } from '../api-error.ts'
import { channel, count, dataOf, PUBLICATION_FIELDS, text, texts } from '../api-fields.ts'
import { type ApiMethod, apiMethod } from '../api-method.ts'

const published = v.object({ offset: v.exactOptional(count), epoch: v.exactOptional(text) })

const publish = apiMethod(
  'Publishes to a channel.',
  v.object({ channel, ...PUBLICATION_FIELDS }),
  published,
  async ({ hub }, request) => {
    hub.assertServable(request.channel)
    return resultOf(await hub.publish(request.channel, dataOf(request), optionsOf(request)))
  },
)

const broadcast = apiMethod(
  'Publishes the same to many channels. Each has a response of its own, in the order of the channels.',
  v.object({ channels: texts, ...PUBLICATION_FIELDS }),
  v.object({
    responses: v.array(
      v.union([v.object({ result: published }), v.object({ error: v.object({ code: count, message: text }) })]),
    ),
  }),
  async ({ hub, options }, request) => {
    const { channels } = request
    if (channels.length === 0 || channels.length > options.maxBatchCommands) {
      throw new ApiError(ErrorCode.badRequest, `"channels" must be a list of 1 to ${options.maxBatchCommands} names`)
    }
    const data = dataOf(request)
    const publishOptions = optionsOf(request)
    const publishTo = async (name: string): Promise<Publication> => {
      hub.assertServable(name)
      return hub.publish(name, data, publishOptions)
    }
    const outcomes = await Promise.allSettled(channels.map(publishTo))
    return {
      responses: outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? { result: resultOf(outcome.value) } : { error: apiErrorOf(outcome.reason) },
      ),
    }
  },
)

function optionsOf(request: {
  readonly skip_history?: boolean | undefined
  readonly tags?: Record<string, string> | undefined
  readonly idempotency_key?: string | undefined
}): PublishOptions {
  const { skip_history, tags, idempotency_key } = request
  return {
    ...(skip_history === true && { skipHistory: true }),
    ...(tags !== undefined && { tags }),
    ...(idempotency_key !== undefined && idempotency_key !== '' && { idempotencyKey: idempotency_key }),
  }
}

function resultOf({ position }: Publication): { offset?: number; epoch?: string } {
  return position === undefined ? {} : { offset: position.offset, epoch: position.epoch }
}

/** Publishing to one channel, and to many. */
export const publishingMethods: Readonly<Record<string, ApiMethod>> = { publish, broadcast }
