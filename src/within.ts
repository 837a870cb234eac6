/**
 * What a promise resolves with, if that is soon; else what stands in for it. The promise itself goes on.
 *
 * @param time how long to wait, in ms
 * @param late returns, or throws, what stands in for it
 * @throws what the promise rejects with in that time
 */
export function within<T>(promise: Promise<T>, time: number, late: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      try {
        resolve(late())
      } catch (error) {
        reject(error)
      }
    }, time)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
