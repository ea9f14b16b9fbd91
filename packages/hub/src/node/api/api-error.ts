import { ErrorCode } from '@wigwag/protocol'
import { HubError, type HubErrorCode } from '../../error/hub-error.ts'
import { describeForClients } from '../http-answer.ts'

/** Why a call failed, as the caller is told. */
export class ApiError extends Error {
  /** Of `ErrorCode`, or the application's own. */
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'ApiError'
    this.code = code
  }
}

/** How an answer has it. */
export interface ApiErrorPacket {
  readonly code: number
  readonly message: string
}

/** Errors of the hub that are the caller's doing. The others are 100. */
const CODES: Partial<Record<HubErrorCode, number>> = {
  ERR_CHANNEL_NAME: ErrorCode.badRequest,
  ERR_PUBLICATION_DATA: ErrorCode.badRequest,
  ERR_PUBLICATION_INVALID: ErrorCode.badRequest,
  ERR_PUBLICATION_TOO_LARGE: ErrorCode.badRequest,
  ERR_TAGS: ErrorCode.badRequest,
  ERR_CLUSTER_MESSAGE_TOO_LARGE: ErrorCode.badRequest,
  ERR_IDEMPOTENCY_KEY: ErrorCode.badRequest,
  ERR_POSITION: ErrorCode.badRequest,
  ERR_NAMESPACE: ErrorCode.unknownChannel,
  ERR_METHOD: ErrorCode.methodNotFound,
  ERR_NOT_AVAILABLE: ErrorCode.notAvailable,
}

/** What a caller is told of an error. What is nobody's doing is reported for those who run the server. */
export function apiErrorOf(error: unknown): ApiErrorPacket {
  if (error instanceof ApiError) return { code: error.code, message: error.message }
  if (error instanceof HubError) {
    return { code: CODES[error.code] ?? ErrorCode.internal, message: describeForClients(error) }
  }
  console.error('A call of the API failed:', error)
  return { code: ErrorCode.internal, message: 'internal server error' }
}

const STATUS: Readonly<Record<number, number>> = {
  [ErrorCode.internal]: 500,
  [ErrorCode.unknownChannel]: 404,
  [ErrorCode.methodNotFound]: 404,
  [ErrorCode.badRequest]: 400,
  [ErrorCode.notAvailable]: 400,
  [ErrorCode.unrecoverablePosition]: 416,
}

/** The status of an error for callers that look at nothing else (`X-Centrifugo-Error-Mode: transport`); the application's own are 400. */
export function statusOf({ code }: ApiErrorPacket): number {
  return STATUS[code] ?? (code >= 400 ? 400 : 500)
}
