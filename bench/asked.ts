/** The measured process's side of `run` in measure.ts. */

/** What the bench asks for. */
export function asked<T>(): Promise<T> {
  return new Promise((resolve) => process.once('message', (message) => resolve(message as T)))
}

/** Answers the bench, and ends the process. */
export function answer(result: object): void {
  process.send?.(result, () => process.exit())
}
