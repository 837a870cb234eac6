/**
 * The codes of every error this package raises. They are part of the contract: a flow may route
 * on them, so a code never changes its meaning. The texts may change.
 */
export type ErrorCode =
  | 'MQ_UNKNOWN_QUEUE'
  | 'MQ_INVALID_KEY'
  | 'MQ_INVALID_VALUE'
  | 'MQ_INVALID_DEFINITION'
  | 'MQ_UNAVAILABLE'
  | 'MQ_STORE_LOCKED'
  | 'MQ_CLOSED'
  | 'MQ_NO_CONFIG'
  | 'MQ_UNSUPPORTED'
  | 'MQ_FULL'
  | 'MQ_INVALID_LEASE'
  | 'MQ_LEASE_LOST'

/**
 * The rules that a definition can break, each with a word that never changes its meaning. An
 * error that has one can be shown in another language.
 */
export const RULES = [
  'list',
  'object',
  'name',
  'taken',
  'size',
  'addmode',
  'dbmode',
  'whenFull',
  'attempts',
  'retryDelay',
  'deadLetter',
  'maxInFlight',
  'edited',
  'notSet',
  'blankSize',
  'blankAddmode',
  'defaultSize',
  'defaultAddmode',
  'leadingBlank',
  'semicolon',
  'noValue',
  'comma',
  'noAttribute',
  'unknownAttribute',
  'repeatedAttribute',
  'definedTwice',
  'modparam',
  'unknownParameter',
  'text',
  'number',
  'mode',
  'highSize',
  'include',
  'unknown',
  'module',
  'redefined',
  'directive',
  'expansion',
  'subst',
  'unclosed',
  'endif',
  'noEndif',
  'dbUrl',
  'dbFile',
  'dbServer',
  'dbPercent',
  'redisUrl',
  'redisServer',
  'redisMaster',
  'redisDatabase',
  'redisParameter',
  'redisPercent',
  'prefix',
  'rpcUrl',
  'rpcServer',
  'rpcPercent',
  'poll',
  'credential',
] as const
export type Rule = (typeof RULES)[number]

/** Where the input that caused an error stands, as far as it is known. */
export interface ErrorPlace {
  /** The name of the queue concerned, as it was written. */
  queue?: string
  /** The field of the definition concerned, such as `size`. */
  field?: string
  /** The index of the definition in the list it came from, counted from 0. */
  row?: number
  /** The line of the text it came from, counted from 1. */
  line?: number
  /** Which rule the input breaks. */
  rule?: Rule
  /** The part of the input that breaks it, where the text of the error quotes one. */
  part?: string
  /** The error underneath, where there is one. */
  cause?: unknown
}

/** An error with a stable `code` and a text that says what to do about it. */
export class MqueueError extends Error {
  override readonly name = 'MqueueError'
  readonly code: ErrorCode
  readonly queue?: string
  readonly field?: string
  readonly row?: number
  readonly line?: number
  readonly rule?: Rule
  readonly part?: string

  /**
   * @param code what went wrong, for programs
   * @param message what went wrong and what to do about it, for people
   * @param place where the input that caused it stands
   */
  constructor(code: ErrorCode, message: string, { cause, ...place }: ErrorPlace = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    Object.assign(this, place)
  }
}

/** What a thrown value says, be it an error or, as JSONata throws, an object like one. */
export function reasonOf(cause: unknown): string {
  const message = (cause as { message?: unknown } | undefined)?.message
  return typeof message === 'string' ? message : String(cause)
}

/** Text of any length as it stands in an error: quoted, and cut where it is too long to read. */
export function quote(text: string): string {
  return `"${text.length > 80 ? `${text.slice(0, 80)}…` : text}"`
}
