/** Faults in the calls that are made to a real database, on connections that are there already as well. */
import { syncBuiltinESMExports } from 'node:module'
import workerThreads, { setEnvironmentData, Worker, type WorkerOptions } from 'node:worker_threads'
import mysql from 'mysql2'
import pg from 'pg'
import { AT, ENVIRONMENT, FAULTS, injected } from './faults-in-thread.ts'

/** `refused`: the call is not made. `unanswered`: it is made, and then its answer is lost. */
export type Fault = 'refused' | 'unanswered'

type Method = (this: unknown, ...args: unknown[]) => unknown

// SQLite is called in a thread. It gets the faults when it starts, and signals through memory that it shares.
const shared = new Int32Array(new SharedArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT))
setEnvironmentData(ENVIRONMENT, shared)
workerThreads.Worker = class extends Worker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    const faults = new URL('./faults-in-thread.ts', import.meta.url).href
    const execArgv = [...(options.execArgv ?? process.execArgv), '--import', faults]
    super(file, String(file).includes('sqlite') ? { ...options, execArgv } : options)
  }
}
syncBuiltinESMExports()

/** Lets one call fail, counted from the start. */
export class Faults {
  readonly #undo: (() => void)[] = []
  readonly #fault: Fault

  private constructor(nth: number, fault: Fault) {
    this.#fault = fault
    shared.set([0, nth, 0, 0])
  }

  /** Arms the fault for the calls of a driver. What the test itself asks a server counts as well. */
  static arm(database: string, nth: number, fault: Fault): Faults {
    const faults = new Faults(nth, fault)
    if (database === 'SQLite') Atomics.store(shared, AT.fault, FAULTS.indexOf(fault))
    else if (database === 'PostgreSQL') faults.#patch(pg.Client.prototype, 'query', faults.#later)
    else {
      const { Connection } = mysql as unknown as { Connection: { prototype: object } }
      for (const method of ['query', 'execute']) {
        faults.#patch(Connection.prototype, method, faults.#called)
      }
    }
    return faults
  }

  /** Whether the call has been reached. */
  get struck(): boolean {
    return Atomics.load(shared, AT.struck) === 1
  }

  /** The number of calls since it was armed. */
  get calls(): number {
    return Atomics.load(shared, AT.calls)
  }

  /** Lets every call through. What was counted can be read until the next fault is armed. */
  disarm(): void {
    Atomics.store(shared, AT.fault, 0)
    for (const undo of this.#undo.splice(0).reverse()) undo()
  }

  #patch(holder: object, name: string, wrap: (method: Method) => Method): void {
    const methods = holder as Record<string, Method>
    const own = Object.hasOwn(methods, name)
    const method = methods[name] as Method
    methods[name] = wrap(method)
    this.#undo.push(() => {
      if (own) methods[name] = method
      else delete methods[name]
    })
  }

  #strikes(): boolean {
    Atomics.add(shared, AT.calls, 1)
    if (Atomics.sub(shared, AT.left, 1) !== 1) return false
    Atomics.store(shared, AT.struck, 1)
    return true
  }

  /** Calls that answer with a promise. */
  readonly #later = (method: Method): Method => {
    const faults = this
    return function (...args) {
      if (!faults.#strikes()) return method.apply(this, args)
      if (faults.#fault === 'refused') return Promise.reject(injected())
      return Promise.resolve(method.apply(this, args)).then(() => Promise.reject(injected()))
    }
  }

  /** Calls that answer through a function, which comes last. */
  readonly #called = (method: Method): Method => {
    const faults = this
    return function (...args) {
      if (!faults.#strikes()) return method.apply(this, args)
      const answer = args.at(-1) as (error: Error) => void
      if (faults.#fault === 'refused') return void setImmediate(() => answer(injected()))
      return method.apply(this, [...args.slice(0, -1), () => answer(injected())])
    }
  }
}
