/** The values of the fields that are chosen from a list. */
export const MODES = {
  addmode: ['0', '1', '2'],
  dbmode: ['0', '4', '1', '2', '3'],
  whenFull: ['drop', 'refuse'],
} as const
export type ModeField = keyof typeof MODES

/** The fields of a queue that say what happens when work fails, or the queue is full. Kamailio has none of them. */
export const FAILURE_FIELDS = [
  'attempts',
  'retryDelay',
  'deadLetter',
  'maxInFlight',
  'whenFull',
] as const
export type FailureField = (typeof FAILURE_FIELDS)[number]
