import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileName } from '../address.ts'

/** The items of queues, by the name of the queue: the key and the value of each, oldest first. */
export type KeptItems = Map<string, [key: string, value: string][]>

/**
 * The file of what was fetched from Kamailio for nodes that had gone, when the process ended. Kamailio takes no items back.
 * It is always whole: it is written beside itself and then renamed.
 */
export class KeptFile {
  readonly path: string

  /** @param id distinguishes engines in one directory */
  constructor(directory: string, id: string) {
    this.path = join(directory, `${fileName(id)}.kamailio.json`)
  }

  /**
   * The items that it holds; none where there is no file.
   *
   * @throws Error where it cannot be read
   */
  read(): KeptItems {
    if (!existsSync(this.path)) return new Map()
    const said: unknown = JSON.parse(readFileSync(this.path, 'utf8'))
    if (!isKept(said)) throw new Error('it is not as it was written')
    return new Map(said)
  }

  /**
   * Adds items behind those that it holds, at once.
   *
   * @throws Error where it cannot be written
   */
  add(items: KeptItems): void {
    const all = this.read()
    for (const [queue, more] of items) all.set(queue, [...(all.get(queue) ?? []), ...more])
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
    const beside = `${this.path}.new`
    const file = openSync(beside, 'w', 0o600)
    try {
      // It fails where the disk takes a part only.
      writeFileSync(file, JSON.stringify([...all]))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(beside, this.path)
  }

  /**
   * Takes the items out of it. What could not be removed would be there twice, so it is not taken.
   *
   * @throws Error where it cannot be read or removed
   */
  take(): KeptItems {
    const items = this.read()
    rmSync(this.path, { force: true })
    return items
  }
}

function isKept(said: unknown): said is [string, [string, string][]][] {
  const isItem = (one: unknown) =>
    Array.isArray(one) && one.length === 2 && one.every((part) => typeof part === 'string')
  return (
    Array.isArray(said) &&
    said.every(
      (one) =>
        Array.isArray(one) &&
        typeof one[0] === 'string' &&
        Array.isArray(one[1]) &&
        one[1].every(isItem),
    )
  )
}
