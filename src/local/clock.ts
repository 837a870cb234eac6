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
