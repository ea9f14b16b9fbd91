/** Close codes that this library sends or names (RFC 6455 §7.4.1 and the IANA registry). */
export const CloseCode: {
  readonly normal: 1000
  readonly goingAway: 1001
  readonly protocolError: 1002
  readonly unsupportedData: 1003
  readonly noStatus: 1005
  readonly abnormal: 1006
  readonly invalidPayload: 1007
  readonly policyViolation: 1008
  readonly messageTooBig: 1009
  readonly internalError: 1011
  readonly serviceRestart: 1012
  readonly tryAgainLater: 1013
} = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  noStatus: 1005,
  abnormal: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  messageTooBig: 1009,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
}

/**
 * Whether `code` may stand in a Close frame. 1000–1003 and 1007–1014 are defined; 1004, 1005, 1006 and 1015 are
 * reserved and never on the wire (§7.4.1); 1016–2999 belong to future revisions; 3000–4999 to libraries and
 * applications (§7.4.2).
 */
export function isSendableCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false
  if (code >= 3000) return code <= 4999
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
}
