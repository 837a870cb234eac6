import { type ErrorCode, MqueueError, reasonOf } from '../src/errors.ts'

const STATUSES: Readonly<Record<ErrorCode, number>> = {
  MQ_UNKNOWN_QUEUE: 404,
  MQ_NO_CONFIG: 404,
  MQ_INVALID_DEFINITION: 404,
  MQ_INVALID_KEY: 400,
  MQ_INVALID_VALUE: 400,
  MQ_UNSUPPORTED: 400,
  MQ_INVALID_LEASE: 400,
  MQ_LEASE_LOST: 409,
  MQ_FULL: 409,
  MQ_UNAVAILABLE: 503,
  MQ_STORE_LOCKED: 503,
  MQ_CLOSED: 503,
}

/** Why a request is not done, with its HTTP status, its code for programs and its text for people. */
export class HttpError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }

  /** A request that is not let through. */
  static refused(status: number, reason: string): HttpError {
    return new HttpError(status, 'MQ_REFUSED', `The request was refused: ${reason}.`)
  }

  /** Whatever went wrong with a request. */
  static of(error: unknown): HttpError {
    if (error instanceof HttpError) return error
    const reason = reasonOf(error)
    if (!(error instanceof MqueueError)) return new HttpError(500, 'MQ_INTERNAL', reason)
    return new HttpError(STATUSES[error.code], error.code, reason)
  }
}
