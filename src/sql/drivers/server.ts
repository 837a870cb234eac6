import { UncertainCommit } from './driver.ts'

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
