import type { MaybePromise } from '../src/engine.ts'

/**
 * Goes on with a value, at once where it is there and later where it is a promise. A message whose
 * parts are all at hand passes without a detour through the microtask queue.
 */
export function after<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Three values together, at once where all are there. */
export function together<A, B, C>(
  a: MaybePromise<A>,
  b: MaybePromise<B>,
  c: MaybePromise<C>,
): MaybePromise<[A, B, C]> {
  if (a instanceof Promise || b instanceof Promise || c instanceof Promise) {
    return Promise.all([a, b, c])
  }
  return [a, b, c]
}
