/** Faults in the calls that are made to a real database. */
import { DatabaseSync, StatementSync } from 'node:sqlite'
import mysql from 'mysql2'
import pg from 'pg'

/** `refused`: the call is not made. `unanswered`: it is made, and then its answer is lost. */
export type Fault = 'refused' | 'unanswered'

type Method = (this: unknown, ...args: unknown[]) => unknown

/** Lets one call fail, counted from the start. */
export class Faults {
  readonly #undo: (() => void)[] = []
  #left: number
  readonly #fault: Fault
  /** Whether the call has been reached. */
  struck = false

  private constructor(nth: number, fault: Fault) {
    this.#left = nth
    this.#fault = fault
  }

  /** Arms the fault for the calls of a driver. */
  static arm(database: string, nth: number, fault: Fault): Faults {
    const faults = new Faults(nth, fault)
    if (database === 'SQLite') {
      faults.#patch(DatabaseSync.prototype, 'exec', faults.#now)
      for (const method of ['run', 'all'])
        faults.#patch(StatementSync.prototype, method, faults.#now)
    } else if (database === 'PostgreSQL') faults.#patch(pg.Client.prototype, 'query', faults.#later)
    else {
      faults.#patch(
        mysql,
        'createConnection',
        (create) =>
          function (this: unknown, ...args) {
            const connection = create.apply(this, args) as object
            faults.#patch(connection, 'query', faults.#called)
            return connection
          },
      )
    }
    return faults
  }

  disarm(): void {
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
    if (this.struck || --this.#left > 0) return false
    this.struck = true
    return true
  }

  /** Calls that answer at once. */
  readonly #now = (method: Method): Method => {
    const faults = this
    return function (...args) {
      const strikes = faults.#strikes()
      if (strikes && faults.#fault === 'refused') throw injected()
      const result = method.apply(this, args)
      if (strikes) throw injected()
      return result
    }
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

const injected = () => new Error('injected')
