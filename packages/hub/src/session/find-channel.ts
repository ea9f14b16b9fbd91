import { assertChannelName } from '../channel/channel-name.ts'
import type { ChannelInNamespace } from '../namespace/namespaces.ts'
import type { Decision } from './permissions.ts'
import { answerOf, UNKNOWN_CHANNEL } from './refusal-answers.ts'
import type { SessionContext } from './session-context.ts'

/** The channel that a command names, or what is wrong with the name. */
export function findChannel({ namespaces }: SessionContext, name: string): Decision<ChannelInNamespace> {
  try {
    assertChannelName(name)
  } catch (error) {
    return { ok: false, answer: answerOf(error) }
  }
  const value = namespaces.resolve(name)
  return value === undefined ? { ok: false, answer: UNKNOWN_CHANNEL } : { ok: true, value }
}
