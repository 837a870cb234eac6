import type { StoreLocation } from '../address.ts'
import type { Dbmode } from '../definition.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Report } from '../report.ts'
import type { Database } from '../sql/database.ts'
import { NoStorage, type Storage } from './storage.ts'

type Sql = typeof import('../sql/storages.ts')

/** What works with databases. It is loaded when a queue first needs one, since most queues need none. */
let sql: Sql | undefined

/** The storages of one engine at one location. This is the one place that knows what the dbmodes mean. */
export class Storages {
  readonly #location: StoreLocation
  readonly #report: () => Report
  #database: Database | undefined

  constructor(location: StoreLocation, report: () => Report) {
    this.#location = location
    this.#report = report
  }

  /** Whether everything in a location is the same. */
  isAt({ url, user, password, directory, id }: StoreLocation): boolean {
    const own = this.#location
    return (
      isSame(own.url, url) &&
      isSame(own.user, user) &&
      isSame(own.password, password) &&
      own.directory === directory &&
      own.id === id
    )
  }

  /** Whether a dbmode keeps nothing, wherever the engine is and whatever the queue is called. */
  static keepsNothing(dbmode: Dbmode): dbmode is 0 {
    return dbmode === 0
  }

  /** The storage that a queue's dbmode asks for: a promise the first time that a database is needed. */
  storageFor(dbmode: Dbmode, queue: string): MaybePromise<Storage> {
    if (Storages.keepsNothing(dbmode)) return new NoStorage(this.#database)
    if (sql !== undefined) return this.#stored(sql, dbmode, queue)
    return import('../sql/storages.ts').then((loaded) => {
      sql = loaded
      return this.#stored(loaded, dbmode, queue)
    })
  }

  #stored(
    { Database, Journal, Snapshot }: Sql,
    dbmode: Exclude<Dbmode, 0>,
    queue: string,
  ): Storage {
    this.#database ??= new Database(this.#location, this.#report)
    switch (dbmode) {
      case 1:
        return new Snapshot(queue, this.#database, { loads: true, savesAtStop: true })
      case 2:
        return new Snapshot(queue, this.#database, { loads: true, savesAtStop: false })
      case 3:
        return new Snapshot(queue, this.#database, { loads: false, savesAtStop: true })
      case 4:
        return new Journal(queue, this.#database)
    }
  }
}

/** Whether two parts of a location are the same; absent is blank. */
function isSame(own = '', other = ''): boolean {
  return own === other
}
