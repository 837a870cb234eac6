import { createHash, randomUUID } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { LineWriter, makeDirectory } from './line-file.ts'

/** What follows the name of a rescue file: a dot, a UUID and the ending. */
const LONGER_BY = '.'.length + 36 + '.jsonl'.length

/**
 * Where a rescue file goes on that cannot be written in its own place: in its own directory under that for
 * temporary files. Each time is a new file.
 */
export class SecondPlace {
  readonly #directory: string
  readonly #name: string

  /** @param path of the rescue file in its own place */
  constructor(path: string) {
    const place = createHash('sha256')
      .update(resolve(dirname(path)))
      .digest('hex')
    this.#directory = join(tmpdir(), `mqueue-${place.slice(0, 16)}`)
    this.#name = basename(path)
  }

  /** The files that are there, in the order in which they were made. */
  get files(): string[] {
    if (!existsSync(this.#directory) || !this.#isOurs) return []
    const isOne = (file: string) =>
      file.startsWith(`${this.#name}.`) && file.length === this.#name.length + LONGER_BY
    const paths = readdirSync(this.#directory).filter(isOne)
    return paths
      .map((file) => join(this.#directory, file))
      .sort((one, other) => lstatSync(one).mtimeMs - lstatSync(other).mtimeMs)
  }

  /** The path of a new file. */
  newPath(): string {
    return join(this.#directory, `${this.#name}.${randomUUID()}.jsonl`)
  }

  /**
   * Begins a new file.
   *
   * @throws Error when the directory is somebody else's
   */
  begin(path: string): LineWriter {
    makeDirectory(this.#directory)
    if (!this.#isOurs) throw new Error(`${this.#directory} does not belong to this user alone`)
    return LineWriter.draft(path, false)
  }

  /** Removes a file. */
  remove(path: string): void {
    rmSync(path, { force: true })
    try {
      rmdirSync(this.#directory)
    } catch {
      // Other queues have files there.
    }
  }

  /** Whether nobody else can have written there: anyone may make a directory among the temporary files. */
  get #isOurs(): boolean {
    const found = lstatSync(this.#directory)
    if (process.getuid === undefined) return true
    return found.isDirectory() && found.uid === process.getuid() && (found.mode & 0o22) === 0
  }
}
