import type { Dbmode } from '../definition.ts'
import { NoStorage, type Storage } from '../local/storage.ts'
import type { Database } from './database.ts'
import { Journal } from './journal.ts'
import { Snapshot } from './snapshot.ts'

/** The storage that a queue's dbmode asks for. This is the one place that knows what the numbers mean. */
export function storageFor(dbmode: Dbmode, queue: string, database: Database): Storage {
  switch (dbmode) {
    case 0:
      return new NoStorage(database)
    case 1:
      return new Snapshot(queue, database, { loads: true, saves: true })
    case 2:
      return new Snapshot(queue, database, { loads: true, saves: false })
    case 3:
      return new Snapshot(queue, database, { loads: false, saves: true })
    case 4:
      return new Journal(queue, database)
  }
}
