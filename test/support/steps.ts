/** Kills this process before one of the calls that it makes to databases and files. SQLite's are made in its thread. */

import { syncBuiltinESMExports } from 'node:module'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import workerThreads, {
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
  Worker,
  type WorkerOptions,
} from 'node:worker_threads'
import mysql from 'mysql2'
import pg from 'pg'

const ENVIRONMENT = 'steps of the tests'

type Method = (this: unknown, ...args: unknown[]) => unknown

export class Steps {
  /** The calls that are left until the process is killed; 0 for none. */
  readonly #left: Int32Array

  constructor() {
    this.#left = isMainThread
      ? new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
      : (getEnvironmentData(ENVIRONMENT) as unknown as Int32Array)
    if (!isMainThread) {
      this.watch(DatabaseSync.prototype, 'exec')
      for (const method of ['run', 'all', 'get']) this.watch(StatementSync.prototype, method)
      return
    }
    setEnvironmentData(ENVIRONMENT, this.#left)
    this.watch(pg.Client.prototype, 'query')
    const { Connection } = mysql as unknown as { Connection: { prototype: object } }
    for (const method of ['query', 'execute']) this.watch(Connection.prototype, method)
    workerThreads.Worker = class extends Worker {
      constructor(file: string | URL, options: WorkerOptions = {}) {
        super(file, { ...options, execArgv: ['--import', import.meta.url] })
      }
    }
    syncBuiltinESMExports()
  }

  /** Kills the process before the nth call from now on. */
  killBefore(nth: number): void {
    Atomics.store(this.#left, 0, Number.isFinite(nth) ? nth : 0)
  }

  /** Counts the calls of a method. */
  watch(holder: object, name: string): void {
    const methods = holder as Record<string, Method>
    const method = methods[name] as Method
    const left = this.#left
    methods[name] = function (...args) {
      if (Atomics.sub(left, 0, 1) === 1) process.kill(process.pid, 'SIGKILL')
      return method.apply(this, args)
    }
  }
}

if (!isMainThread) new Steps()
