/** How long what a queue did is remembered, in seconds. */
export const SPAN = 300

/** How many values a sparkline has, each over so many seconds. */
const POINTS = 100
const WIDTH = SPAN / POINTS

/** Over how many seconds a rate is taken, so that it can be read. */
const STEADY = 5

/** A clock that was set back by more than this, in ms, begins again. */
const SET_BACK = 2000

/** What a queue has done so far. */
export interface Counters {
  added: number
  taken: number
}

/** A rate for each of the two counters. */
export type Rates = Counters

interface Sample extends Counters {
  /** In ms. */
  time: number
}

/**
 * What was added to a queue and taken from it in each of the last seconds, from the differences of its counters. Where
 * nobody asked for a while, every second has the average of that time.
 */
export class History {
  readonly #added = new Float32Array(SPAN).fill(Number.NaN)
  readonly #taken = new Float32Array(SPAN).fill(Number.NaN)
  #last: Sample | undefined

  /** When the counters were noted last, in ms; 0 for never. */
  get time(): number {
    return this.#last?.time ?? 0
  }

  /** Notes what the counters are at a time, in ms. */
  note(time: number, { added, taken }: Counters): void {
    const now = { time, added, taken }
    const last = this.#last
    if (last === undefined || time < last.time - SET_BACK) {
      this.#forget()
      this.#last = now
      return
    }
    const [from, to] = [secondOf(last.time), secondOf(time)]
    if (to <= from) return
    const isOther = added < last.added || taken < last.taken
    const seconds = (time - last.time) / 1000
    // Counters that fell are those of another process: what happened between the two is not known.
    this.#fill(from, to, {
      added: isOther ? Number.NaN : (added - last.added) / seconds,
      taken: isOther ? Number.NaN : (taken - last.taken) / seconds,
    })
    this.#last = now
  }

  /** What was added and taken a second lately; undefined while that is not known. */
  rates(): Rates | undefined {
    if (this.#last === undefined) return undefined
    const to = secondOf(this.#last.time)
    const added = mean(this.#added, to - STEADY + 1, to)
    const taken = mean(this.#taken, to - STEADY + 1, to)
    return Number.isNaN(added) || Number.isNaN(taken) ? undefined : { added, taken }
  }

  /** A value for each few seconds of the span, oldest first; NaN where it is not known. */
  lines(): { added: number[]; taken: number[] } {
    const last = this.#last === undefined ? 0 : Math.floor(secondOf(this.#last.time) / WIDTH)
    const line = (values: Float32Array) =>
      Array.from({ length: POINTS }, (_, index) => {
        const from = (last - POINTS + 1 + index) * WIDTH
        const to = Math.min(from + WIDTH - 1, secondOf(this.time))
        // What the ring has of the first seconds may have been written over by the last ones.
        return mean(values, Math.max(from, secondOf(this.time) - SPAN + 1), to)
      })
    return { added: line(this.#added), taken: line(this.#taken) }
  }

  #forget(): void {
    this.#added.fill(Number.NaN)
    this.#taken.fill(Number.NaN)
  }

  #fill(from: number, to: number, rates: Rates): void {
    for (let second = Math.max(from, to - SPAN) + 1; second <= to; second++) {
      this.#added[second % SPAN] = rates.added
      this.#taken[second % SPAN] = rates.taken
    }
  }
}

function secondOf(time: number): number {
  return Math.floor(time / 1000)
}

/** The mean of the seconds that are known. */
function mean(values: Float32Array, from: number, to: number): number {
  let [sum, count] = [0, 0]
  for (let second = Math.max(from, 0); second <= to; second++) {
    const value = values[second % SPAN] ?? Number.NaN
    if (Number.isNaN(value)) continue
    sum += value
    count += 1
  }
  return count === 0 ? Number.NaN : sum / count
}
