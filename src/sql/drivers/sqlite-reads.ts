import { columnsOf } from './attempts.ts'
import { retryBusy } from './sqlite-busy.ts'
import type { Columns } from './sqlite-rows.ts'
import type { SqliteStatements } from './sqlite-statements.ts'
import { quoted } from './sqlite-tables.ts'

/** What has to be known of a table to read and write it. */
export interface TableRef {
  readonly name: string
  readonly typed: boolean
  readonly counts: boolean
}

/** What is read from an SQLite file, in the thread that has them all. */
export class SqliteReads {
  protected readonly statements: SqliteStatements

  constructor(statements: SqliteStatements) {
    this.statements = statements
  }

  read(table: TableRef, after: number | undefined, limit: number): Promise<Columns> {
    const where = after === undefined ? '' : 'where id > ?'
    const parameters = after === undefined ? [limit] : [after, limit]
    return this.#rows(table, `${where} order by id limit ?`, parameters)
  }

  readIds(table: TableRef, ids: readonly number[]): Promise<Columns> {
    const ending = 'where id in (select value from json_each(?))'
    return this.#rows(table, ending, [JSON.stringify(ids)])
  }

  async bytes(table: TableRef, id: number, column: 'key' | 'val'): Promise<Uint8Array> {
    const text = `select cast(${quoted(column)} as blob) as bytes from ${quoted(table.name)} where id = ?`
    const found = await retryBusy(() => this.statements.prepare(text).get(id))
    return (found?.bytes as Uint8Array | null | undefined) ?? new Uint8Array()
  }

  async count(table: TableRef): Promise<number> {
    return Number(await this.#value(`select count(*) as value from ${quoted(table.name)}`))
  }

  async firstId(table: TableRef): Promise<number> {
    const first = await this.#value(`select min(id) as value from ${quoted(table.name)}`)
    return Number(first ?? Number.POSITIVE_INFINITY)
  }

  async lastId(table: TableRef): Promise<number> {
    const last = await this.#value(`select max(id) as value from ${quoted(table.name)}`)
    return Math.max(0, Number(last ?? 0))
  }

  async #rows(table: TableRef, ending: string, parameters: (number | string)[]): Promise<Columns> {
    const names = columnsOf(table, '"key"').join()
    const rows = await retryBusy(() => {
      const statement = this.statements.prepare(
        `select ${names} from ${quoted(table.name)} ${ending}`,
      )
      // An id of another program's may be larger than a number can hold.
      statement.setReadBigInts(true)
      return statement.all(...parameters)
    })
    return {
      ids: rows.map(({ id }) => (typeof id === 'bigint' ? Number(id) : id)) as number[],
      keys: rows.map(({ key }) => key) as string[],
      vals: rows.map(({ val }) => val) as string[],
      types: table.typed ? (rows.map((row) => row.val_type) as (string | null)[]) : undefined,
      pasts: table.counts ? rows.map(pastOf) : undefined,
    }
  }

  async #value(text: string): Promise<unknown> {
    const row = await retryBusy(() => {
      const statement = this.statements.prepare(text)
      statement.setReadBigInts(true)
      return statement.get()
    })
    return row?.value
  }
}

/** What a row says of the past of its item, without what is not there. */
function pastOf({ attempts, dead_letter: origin }: Record<string, unknown>) {
  return {
    ...(Number(attempts) > 0 && { attempts: Number(attempts) }),
    ...(typeof origin === 'string' && { dead_letter: origin }),
  }
}
