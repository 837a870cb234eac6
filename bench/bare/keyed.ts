interface Entry {
  key: string
  value: unknown
  older: Entry | undefined
  newer: Entry | undefined
}

/** A Map and a linked list with nothing around them, which keep one item of each key. */
export class BareKeyed {
  readonly #byKey = new Map<string, Entry>()
  readonly #keepsOldest: boolean
  #oldest: Entry | undefined
  #newest: Entry | undefined

  constructor(addmode: number) {
    this.#keepsOldest = addmode === 1
  }

  add(key: string, value: unknown): void {
    const present = this.#byKey.get(key)
    if (present !== undefined) {
      if (this.#keepsOldest) return
      this.#unlink(present)
    }
    const entry: Entry = { key, value, older: this.#newest, newer: undefined }
    if (this.#newest) this.#newest.newer = entry
    else this.#oldest = entry
    this.#newest = entry
    this.#byKey.set(key, entry)
  }

  fetch(): void {
    const entry = this.#oldest as Entry
    this.#unlink(entry)
    this.#byKey.delete(entry.key)
  }

  #unlink(entry: Entry): void {
    if (entry.older) entry.older.newer = entry.newer
    else this.#oldest = entry.newer
    if (entry.newer) entry.newer.older = entry.older
    else this.#newest = entry.older
  }
}
