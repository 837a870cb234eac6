import { CONNECT_TIMEOUT, type Row, UncertainCommit } from './driver.ts'

/** What a session on a server can do for the functions here. */
export interface ServerSession {
  /** Runs a text of one or more statements. */
  run(text: string): Promise<unknown>
  rollback(): Promise<void>
  /** Whether an error is one that the server answered with. */
  isAnswer(error: unknown): error is Error
  /** Ends the connection, which then counts as lost. */
  giveUp(cause: unknown): void
}

/** A row as a server's driver returns it. */
export interface FoundRow {
  readonly id: unknown
  readonly key: string
  readonly val: string
  readonly val_type?: string | null
  readonly attempts?: unknown
  readonly dead_letter?: string | null
}

/** A row as it was found, without what is not there. Numbers may come as texts. */
export function asRow({ id, key, val, val_type = null, attempts, dead_letter }: FoundRow): Row {
  return {
    id: (id === null ? id : Number(id)) as number,
    key,
    val,
    val_type,
    ...(Number(attempts) > 0 && { attempts: Number(attempts) }),
    ...(dead_letter && { dead_letter }),
  }
}

/** Waits until a connection is made and set up. A server that has let us in may fall silent before it answers. */
export async function answered<T>(opening: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), CONNECT_TIMEOUT)
  })
  try {
    return await Promise.race([opening, silence])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Makes tables, some in one text; where the server refuses a text, each by itself.
 *
 * @returns what went wrong, by name
 */
export async function createTables(
  session: ServerSession,
  tables: readonly string[],
  atOnce: number,
  creating: (table: string) => string,
): Promise<Map<string, Error>> {
  const failed = new Map<string, Error>()
  for (let from = 0; from < tables.length; from += atOnce) {
    const some = tables.slice(from, from + atOnce)
    try {
      await session.run(some.map(creating).join(';'))
    } catch (error) {
      if (!session.isAnswer(error)) throw error
      for (const table of some) await createOne(session, table, creating, failed)
    }
  }
  return failed
}

async function createOne(
  session: ServerSession,
  table: string,
  creating: (table: string) => string,
  failed: Map<string, Error>,
): Promise<void> {
  try {
    await session.run(creating(table))
  } catch (error) {
    if (!session.isAnswer(error)) throw error
    failed.set(table, error)
  }
}

/** Does what `Driver.insertOrNot` does, with an insert. */
export async function insertOrNot(
  session: ServerSession,
  insert: () => Promise<void>,
): Promise<Error | undefined> {
  await session.run('savepoint mqueue')
  let refusal: Error | undefined
  try {
    await insert()
  } catch (error) {
    if (!session.isAnswer(error)) throw error
    await session.run('rollback to savepoint mqueue')
    refusal = error
  }
  await session.run('release savepoint mqueue')
  return refusal
}

/**
 * What the failure of a commit comes to. The server's refusal is one that the session survives: when it goes on,
 * nothing was changed. Of all others nobody knows.
 */
export async function commitFailure(session: ServerSession, error: unknown): Promise<unknown> {
  const isGoingOn = await settle(session)
  if (isGoingOn && session.isAnswer(error)) return error
  return new UncertainCommit((error as Error).message, { cause: error })
}

/** Leaves no transaction open, or else no connection; returns whether the connection goes on. */
export async function settle(session: ServerSession): Promise<boolean> {
  try {
    await session.rollback()
    return true
  } catch (error) {
    session.giveUp(error)
    return false
  }
}
