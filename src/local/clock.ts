/** What leases, waits and delays go by. */
export interface Clock {
  /** The time in whole ms. It never goes back. */
  now(): number
  /**
   * Calls a function when a time is over; a little later when the event loop is busy, and never sooner.
   *
   * @param time in ms
   * @returns a function that calls it off
   */
  after(time: number, call: () => void): () => void
}

/** The longest time that a timer of Node.js takes, in ms. */
const LONGEST = 2 ** 31 - 1

/** The clock of the process. Its timers do not keep the process from ending. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Math.floor(performance.now()),
  after(time, call) {
    const wait = (left: number): NodeJS.Timeout => {
      const next = () => {
        if (left <= LONGEST) call()
        else timer = wait(left - LONGEST)
      }
      return setTimeout(next, Math.min(left, LONGEST)).unref()
    }
    let timer = wait(time)
    return () => clearTimeout(timer)
  },
}

/** How many readings one look at the clock serves at most. */
const READINGS = 64
/** How long one look at the clock serves at most, in ms, unless the event loop is busy for longer. */
const LIFETIME = 10

let time = 0
let readingsLeft = 0
let timer: NodeJS.Timeout | undefined

/**
 * The time in ms since the process started, some ms old at most. Looking at the system's clock for every item would
 * cost more than adding it; nothing here wakes an idle process.
 */
export function now(): number {
  if (readingsLeft-- <= 0) look()
  return time
}

function look(): void {
  time = Math.round(performance.now())
  readingsLeft = READINGS
  if (timer === undefined) timer = setTimeout(expire, LIFETIME).unref()
}

function expire(): void {
  readingsLeft = 0
  timer = undefined
}
