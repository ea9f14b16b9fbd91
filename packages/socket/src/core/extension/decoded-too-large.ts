import { CloseCode } from '../error/close-code.ts'
import { ProtocolError } from '../error/wigwag-error.ts'

/** A message came that is larger, once decoded, than a message may be. */
export function decodedTooLarge(maxBytes: number): ProtocolError {
  return new ProtocolError(
    'ERR_MESSAGE_TOO_LARGE',
    `Received a message that decodes to more than ${maxBytes} bytes (maxMessageBytes). ` +
      'Send smaller messages, or raise maxMessageBytes.',
    CloseCode.messageTooBig,
  )
}
