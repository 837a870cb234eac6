import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** The most statements that are kept prepared. */
const MOST_PREPARED = 500

/** The prepared statements of a connection. */
export class SqliteStatements {
  readonly #database: DatabaseSync
  /** By their texts, those used last at the end. */
  readonly #prepared = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Prepares a statement, or finds it prepared. */
  prepare(text: string): StatementSync {
    const known = this.#prepared.get(text)
    if (known !== undefined) {
      this.#prepared.delete(text)
      this.#prepared.set(text, known)
      return known
    }
    const statement = this.#database.prepare(text)
    this.#prepared.set(text, statement)
    if (this.#prepared.size > MOST_PREPARED) {
      this.#prepared.delete(this.#prepared.keys().next().value as string)
    }
    return statement
  }

  clear(): void {
    this.#prepared.clear()
  }
}
