/** The thread in which SQLite files are read and written. It answers calls; one that waits holds up no other. */
import { type MessagePort, parentPort } from 'node:worker_threads'
import { StoreGone, UncertainCommit } from './driver.ts'
import { SqliteFile } from './sqlite-file.ts'

/** A call of a method of a connection; the method `open` makes the connection. */
export interface Call {
  readonly call: number
  readonly connection: number
  readonly method: string
  readonly args: readonly unknown[]
}

/** The answer to a call; without the number of one, the news of a connection. */
export interface Answer {
  readonly call?: number
  readonly connection: number
  readonly result?: unknown
  readonly error?: PlainError
  /** Whether the connection has ended by itself. */
  readonly isLost?: boolean
}

/** What of an error gets from one thread to another. */
export interface PlainError {
  readonly message: string
  readonly code: unknown
  /** SQLite's own number of the error. */
  readonly errcode: unknown
  /** Which of the errors of drivers it is, if any. */
  readonly name: string
}

const port = parentPort as MessagePort
const files = new Map<number, SqliteFile>()

port.on('message', async ({ call, connection, method, args }: Call) => {
  let answer: Answer
  try {
    answer = { call, connection, result: await handle(connection, method, args) }
  } catch (error) {
    const file = files.get(connection)
    const isLost = file !== undefined && !file.isOpen
    if (isLost) files.delete(connection)
    answer = { call, connection, error: plain(error), isLost }
  }
  port.postMessage(answer)
})

async function handle(connection: number, method: string, args: readonly unknown[]) {
  if (method === 'open') {
    const [path, isOwn] = args as [string, boolean]
    files.set(connection, await SqliteFile.open(path, isOwn, (cause) => lose(connection, cause)))
    return
  }
  const file = files.get(connection)
  if (method === 'close' || method === 'destroy') files.delete(connection)
  const methods = file as unknown as Record<string, (...args: readonly unknown[]) => unknown>
  if (file !== undefined) return methods[method]?.(...args)
  if (method !== 'close' && method !== 'destroy') throw new Error('the connection has ended')
}

/** Tells that a connection has ended by itself. */
function lose(connection: number, cause: unknown): void {
  if (!files.delete(connection)) return
  const news: Answer = { connection, error: plain(cause), isLost: true }
  port.postMessage(news)
}

function plain(error: unknown): PlainError {
  const { message, code, errcode } = error as { message: string; code?: unknown; errcode?: unknown }
  const kind = [UncertainCommit, StoreGone].find((one) => error instanceof one)
  return { message, code, errcode, name: kind?.name ?? '' }
}
