/** What a queue does with its leases, in the simplest way that can be read. */
import type { Addmode } from '../../src/index.ts'

export interface Item {
  key: string
  value: number
  attempts: number
}

export interface Setting {
  addmode: Addmode
  size: number
  attempts: number
  refuses: boolean
}

/** How long a lease lasts, in ms. */
export const LEASE = 1_000

/** A queue and its leases: lists that are searched and sorted, and a value that says how old an item is. */
export class LeasesModel {
  readonly setting: Setting
  now = 0
  waiting: Item[] = []
  out: { item: Item; ends: number; lease: string }[] = []
  delayed: { item: Item; ends: number }[] = []
  /** What a full queue that refuses did not let in when it was loaded. */
  left: Item[] = []
  dead: number[] = []
  dropped = 0

  constructor(setting: Setting) {
    this.setting = setting
  }

  get isFull(): boolean {
    return this.setting.size > 0 && this.waiting.length >= this.setting.size
  }

  add(key: string, value: number): void {
    const { addmode, refuses } = this.setting
    const at = this.waiting.findIndex((item) => addmode > 0 && item.key === key)
    if (at < 0 && this.isFull && refuses) {
      this.dropped++
      return
    }
    if (at >= 0) this.dropped++
    if (at >= 0 && addmode === 1) return
    if (at >= 0) this.waiting.splice(at, 1)
    this.waiting.push({ key, value, attempts: 0 })
    if (!refuses && this.setting.size > 0 && this.waiting.length > this.setting.size) {
      this.waiting.shift()
      this.dropped++
    }
  }

  take(count: number, leases: readonly string[]): Item[] {
    const taken: Item[] = []
    while (taken.length < count) {
      const item = this.waiting.shift()
      if (item === undefined) break
      // After a crash an item waits whose last attempt it was.
      if (this.isUsedUp(item)) {
        this.dead.push(item.value)
        continue
      }
      item.attempts++
      this.out.push({ item, ends: this.now + LEASE, lease: leases[taken.length] as string })
      taken.push(item)
    }
    return taken
  }

  releaseAll(): void {
    const released = this.out.map(({ item }) => item)
    for (const item of released) item.attempts--
    const back = [...released, ...this.delayed.map(({ item }) => item)]
    this.out = []
    this.delayed = []
    this.comeBack(back)
  }

  /** All rows are loaded, the oldest first; what was out when the process died has had its attempt. */
  restart(): void {
    const rows = [...this.waiting, ...this.left]
    for (const { item } of [...this.out, ...this.delayed]) rows.push(item)
    this.waiting = []
    this.left = []
    this.out = []
    this.delayed = []
    const { addmode, refuses, size } = this.setting
    for (const item of rows.sort((a, b) => a.value - b.value)) {
      const twin = this.waiting.findIndex(({ key }) => addmode > 0 && key === item.key)
      if (twin >= 0 && addmode === 1) continue
      if (twin >= 0) this.waiting.splice(twin, 1)
      if (refuses && this.isFull) this.left.push(item)
      else this.waiting.push(item)
      if (!refuses && size > 0 && this.waiting.length > size) this.waiting.shift()
    }
  }

  end(lease: string): Item | undefined {
    const at = this.out.findIndex((one) => one.lease === lease)
    return at < 0 ? undefined : this.out.splice(at, 1)[0]?.item
  }

  retry(item: Item, delay: number): void {
    if (this.isUsedUp(item)) this.dead.push(item.value)
    else if (delay > 0) this.delayed.push({ item, ends: this.now + delay })
    else this.comeBack([item])
  }

  isUsedUp({ attempts }: Item): boolean {
    return this.setting.attempts > 0 && attempts >= this.setting.attempts
  }

  comeBack(items: Item[]): void {
    const { addmode, refuses } = this.setting
    for (const item of items.sort((a, b) => b.value - a.value)) {
      const twin = this.waiting.findIndex(({ key }) => addmode > 0 && key === item.key)
      if (twin >= 0) this.dropped++
      if (twin >= 0 && addmode === 2) continue
      if (twin >= 0) this.waiting.splice(twin, 1)
      else if (this.isFull && !refuses) {
        this.dropped++
        continue
      }
      const younger = this.waiting.findIndex(({ value }) => value > item.value)
      const place = addmode === 0 ? 0 : younger < 0 ? this.waiting.length : younger
      this.waiting.splice(place, 0, item)
    }
  }

  pass(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const times = [...this.out, ...this.delayed].map(({ ends }) => ends)
      const next = Math.min(...times)
      if (next > end) break
      this.now = next
      const due = this.out.filter(({ ends }) => ends <= next).map(({ item }) => item)
      const back = this.delayed.filter(({ ends }) => ends <= next).map(({ item }) => item)
      this.out = this.out.filter(({ ends }) => ends > next)
      this.delayed = this.delayed.filter(({ ends }) => ends > next)
      this.dead.push(...due.filter((item) => this.isUsedUp(item)).map(({ value }) => value))
      this.comeBack([...back, ...due.filter((item) => !this.isUsedUp(item))])
    }
    this.now = end
  }
}
