import { type Stats, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { StoreGone } from './driver.ts'
import { isBusy } from './sqlite-busy.ts'

/** A database file that is open. Its name may be taken from it, and then nobody would find what is written to it. */
export class SqlitePresence {
  readonly #path: string
  readonly #open: (path: string) => DatabaseSync
  readonly #found: Stats
  #size: number
  /** The number of its write-ahead log, once that is there: it stays as long as the file is open. */
  #log: number | undefined

  /**
   * @param path of the file, without links
   * @param open opens any SQLite file. To open it in another way, and to close it, would release the locks of SQLite.
   */
  constructor(path: string, open: (path: string) => DatabaseSync) {
    this.#path = path
    this.#open = open
    this.#found = statSync(path)
    this.#size = this.#found.size
  }

  /** What names the file: it may be there under another path, and have another number after a restart. */
  get names(): string[] {
    return [`sqlite ${this.#path}`, `inode ${this.#found.dev}:${this.#found.ino}`]
  }

  /** @throws StoreGone when the path does not lead to the file any more, or the file is cut off */
  assert(): void {
    const now = statSync(this.#path, { throwIfNoEntry: false })
    if (now === undefined) throw new StoreGone('its file was deleted')
    if (now.ino !== this.#found.ino || now.dev !== this.#found.dev) {
      throw new StoreGone('another file was put in the place of its file')
    }
    // Also a program that tidies the file up makes it shorter.
    if (now.size < this.#size && !this.#isWhole()) throw new StoreGone('its file was cut off')
    this.#size = now.size
    const log = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.ino
    if (this.#log !== undefined && log !== this.#log) {
      throw new StoreGone('its write-ahead log was deleted')
    }
    this.#log = log
  }

  /** Whether one who opens the file now finds everything that its pages promise. */
  #isWhole(): boolean {
    let other: DatabaseSync | undefined
    try {
      other = this.#open(this.#path)
      const [tables] = other.prepare('select count(*) as count from sqlite_master').all()
      const [first] = other.prepare('pragma quick_check(1)').all()
      return Number(tables?.count) > 0 && first?.quick_check === 'ok'
    } catch (error) {
      return isBusy(error)
    } finally {
      other?.close()
    }
  }
}
