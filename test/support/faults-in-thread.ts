/** The part of the faults that is loaded into the thread in which SQLite is called. */
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { getEnvironmentData, isMainThread } from 'node:worker_threads'

export const ENVIRONMENT = 'faults of the tests'
/** The faults by their numbers in the shared memory; 0 is none. */
export const FAULTS = ['', 'refused', 'unanswered']
/** What stands where in the shared memory. */
export const AT = { fault: 0, left: 1, struck: 2, calls: 3 }

export const injected = () => new Error('injected')

type Method = (this: unknown, ...args: unknown[]) => unknown

if (!isMainThread) {
  patch(DatabaseSync.prototype, 'exec')
  for (const method of ['run', 'all', 'get']) patch(StatementSync.prototype, method)
}

function patch(holder: object, name: string): void {
  const shared = getEnvironmentData(ENVIRONMENT) as unknown as Int32Array
  const methods = holder as Record<string, Method>
  const method = methods[name] as Method
  methods[name] = function (...args) {
    const fault = FAULTS[Atomics.load(shared, AT.fault)]
    if (fault === '') return method.apply(this, args)
    Atomics.add(shared, AT.calls, 1)
    if (Atomics.sub(shared, AT.left, 1) !== 1) return method.apply(this, args)
    Atomics.store(shared, AT.struck, 1)
    if (fault === 'refused') throw injected()
    method.apply(this, args)
    throw injected()
  }
}
