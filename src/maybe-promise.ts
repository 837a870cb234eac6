/** The answer of an operation: at once where the queues are at hand, as a promise where they are not. */
export type MaybePromise<T> = T | Promise<T>

/**
 * Goes on with a value, at once where it is there and later where it is a promise. What has all its parts at hand
 * passes without a detour through the microtask queue.
 */
export function after<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
