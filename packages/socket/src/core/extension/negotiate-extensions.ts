import { ExtensionChain } from './extension-chain.ts'
import type { ExtensionOffer } from './extension-header.ts'
import type { MessageCodec, MessageExtension } from './message-extension.ts'

/** What both ends will do to messages: the answer of the server, and the chain that follows from it. */
export interface NegotiatedExtensions {
  readonly answer: readonly ExtensionOffer[]
  /** None when nothing was agreed on. */
  readonly chain: ExtensionChain | undefined
}

/**
 * A server's choice (RFC 6455 §9.1, RFC 7692 §5.1): of each extension that it speaks the client's first acceptable offer.
 * Throws what an extension throws.
 */
export function answerExtensions(
  offers: readonly ExtensionOffer[],
  spoken: readonly MessageExtension[],
): NegotiatedExtensions {
  if (offers.length === 0 || spoken.length === 0) return NOTHING
  const agreed: Agreed[] = []
  for (const { name, parameters } of offers) {
    const extension = spoken.find((candidate) => candidate.name === name)
    if (extension === undefined || conflictWith(extension, agreed) !== undefined) continue
    const accepted = extension.accept(parameters)
    if (accepted === undefined) continue
    agreed.push({ extension, codec: accepted.codec, answer: { name, parameters: accepted.parameters } })
  }
  return negotiated(agreed)
}

/** What a client offers: the extensions most wanted first. */
export function offerExtensions(spoken: readonly MessageExtension[]): ExtensionOffer[] {
  return spoken.flatMap((extension) => extension.offer().map((parameters) => ({ name: extension.name, parameters })))
}

/**
 * A client's judgement of the server's answer. A fault fails the opening handshake (RFC 6455 §4.1 item 5). Throws what an
 * extension throws.
 */
export function confirmExtensions(
  answer: readonly ExtensionOffer[],
  spoken: readonly MessageExtension[],
): NegotiatedExtensions | { readonly fault: string } {
  const agreed: Agreed[] = []
  for (const { name, parameters } of answer) {
    const extension = spoken.find((candidate) => candidate.name === name)
    if (extension === undefined) return { fault: `it uses the extension ${name}, which was not offered` }
    const conflict = conflictWith(extension, agreed)
    if (conflict === extension) return { fault: `it uses the extension ${name} twice` }
    if (conflict !== undefined)
      return { fault: `it uses ${conflict.name} and ${name}, which need the same reserved bit` }
    const confirmed = extension.confirm(parameters)
    if ('fault' in confirmed) return { fault: `of the extension ${name}, ${confirmed.fault}` }
    agreed.push({ extension, codec: confirmed.codec, answer: { name, parameters } })
  }
  return negotiated(agreed)
}

interface Agreed {
  readonly extension: MessageExtension
  readonly codec: MessageCodec
  readonly answer: ExtensionOffer
}

function conflictWith(extension: MessageExtension, agreed: readonly Agreed[]): MessageExtension | undefined {
  return agreed.find(({ extension: other }) => other === extension || (other.reservedBit & extension.reservedBit) !== 0)
    ?.extension
}

const NOTHING: NegotiatedExtensions = { answer: [], chain: undefined }

function negotiated(agreed: readonly Agreed[]): NegotiatedExtensions {
  if (agreed.length === 0) return NOTHING
  const links = agreed.map(({ extension, codec }) => ({ reservedBit: extension.reservedBit, codec }))
  return { answer: agreed.map(({ answer }) => answer), chain: new ExtensionChain(links) }
}
