import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type OpenOptions, StoreGone, UncertainCommit } from './driver.ts'
import type { SqliteFile } from './sqlite-file.ts'
import type { Answer, Call, PlainError } from './sqlite-worker.ts'

type Method = {
  [Name in keyof SqliteFile]: SqliteFile[Name] extends (...args: never[]) => unknown ? Name : never
}[keyof SqliteFile]
type Lost = OpenOptions['onLost']

interface Pending {
  readonly connection: number
  readonly method: string
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

/**
 * The one thread in which this process uses SQLite. It is started when the first file is opened, and again
 * when it has died. It keeps the process from ending only while it owes an answer.
 */
export class SqliteThread {
  static #current: SqliteThread | undefined
  readonly #worker: Worker
  readonly #connections = new Map<number, Lost>()
  readonly #pending = new Map<number, Pending>()
  #calls = 0
  #opened = 0

  /** The thread that is there, or a new one. */
  static get(): SqliteThread {
    SqliteThread.#current ??= new SqliteThread()
    return SqliteThread.#current
  }

  private constructor() {
    // Its own file has the same ending as this one: .ts as it is written, .js when it is compiled.
    const url = new URL(`./sqlite-worker${extname(import.meta.url)}`, import.meta.url)
    // What else Node.js was started with is not meant for a thread, and some of it stops one.
    const execArgv = process.execArgv.filter((argument) => argument.includes('experimental-sqlite'))
    this.#worker = new Worker(url, { name: 'mqueue SQLite', execArgv })
    this.#worker.unref()
    this.#worker.on('message', (answer: Answer) => this.#answer(answer))
    this.#worker.on('error', (error) => this.#die(error))
    this.#worker.on('exit', () => this.#die(new Error('the SQLite thread has ended')))
  }

  /**
   * Opens a file; returns the number of the connection.
   *
   * @param onLost is called when the connection ends by itself
   */
  async open(path: string, isOwn: boolean, onLost: Lost): Promise<number> {
    const connection = ++this.#opened
    this.#connections.set(connection, onLost)
    try {
      await this.#ask(connection, 'open', [path, isOwn])
      return connection
    } catch (error) {
      this.#connections.delete(connection)
      throw error
    }
  }

  /** Calls a method of a connection. Errors keep their message, code and SQLite's `errcode`. */
  call<Name extends Method>(
    connection: number,
    method: Name,
    ...args: Parameters<SqliteFile[Name]>
  ): Promise<Awaited<ReturnType<SqliteFile[Name]>>> {
    return this.#ask(connection, method, args)
  }

  /** Ends a connection in good order, after what it was asked before. */
  async close(connection: number): Promise<void> {
    if (!this.#connections.delete(connection)) return
    await this.#ask(connection, 'close', [], true)
  }

  /** Ends a connection: what it was asked and has not answered fails at once. */
  destroy(connection: number): void {
    if (!this.#connections.delete(connection)) return
    this.#fail(connection, new Error('the connection was ended'))
    this.#ask(connection, 'destroy', [], true).catch(() => {})
  }

  #ask<Result>(connection: number, method: string, args: unknown[], last = false): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (!last && !this.#connections.has(connection)) throw new Error('the connection has ended')
      if (SqliteThread.#current !== this) throw new Error('the SQLite thread has ended')
      const call = ++this.#calls
      const message: Call = { call, connection, method, args }
      this.#worker.postMessage(message)
      if (this.#pending.size === 0) this.#worker.ref()
      this.#pending.set(call, { connection, method, resolve, reject })
    })
  }

  #answer({ call = 0, connection, result, error, isLost }: Answer): void {
    const pending = this.#pending.get(call)
    if (pending !== undefined) {
      this.#settled(call)
      if (error === undefined) pending.resolve(result as never)
      else pending.reject(asError(error))
    }
    if (isLost) this.#lose(connection, asError(error as PlainError))
  }

  #settled(call: number): void {
    this.#pending.delete(call)
    if (this.#pending.size === 0) this.#worker.unref()
  }

  #lose(connection: number, cause: Error): void {
    const onLost = this.#connections.get(connection)
    this.#connections.delete(connection)
    this.#fail(connection, cause)
    onLost?.(cause)
  }

  /** Fails what a connection has not answered. Whether it was done is not known. */
  #fail(connection: number, cause: Error): void {
    for (const [call, pending] of this.#pending) {
      if (pending.connection !== connection) continue
      this.#settled(call)
      const isCommit = pending.method === 'write' || pending.method === 'commit'
      const isUncertain = isCommit && !(cause instanceof StoreGone)
      pending.reject(isUncertain ? new UncertainCommit(cause.message) : cause)
    }
  }

  #die(cause: Error): void {
    if (SqliteThread.#current === this) SqliteThread.#current = undefined
    for (const connection of [...this.#connections.keys()]) this.#lose(connection, cause)
    for (const { connection } of [...this.#pending.values()]) this.#fail(connection, cause)
  }
}

function asError({ message, code, errcode, name }: PlainError): Error {
  const Kind = [UncertainCommit, StoreGone].find((one) => one.name === name) ?? Error
  return Object.assign(new Kind(message), { code, errcode })
}
