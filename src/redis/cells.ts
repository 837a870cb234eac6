import { createHash } from 'node:crypto'
import { MqueueError, quote, reasonOf } from '../errors.ts'
import { decode, encode } from '../value.ts'

/** What parts a cell. No part has it: `encode` leaves none in a value, and a key with one is written as JSON. */
const NUL = '\0'
/** What a key begins with that is written as JSON. */
const AS_JSON = '\u0001'

/** An item as it goes to Redis. */
export interface Cell {
  readonly key: string
  /** When it came, and of what type its value is. */
  readonly head: string
  readonly value: string
}

/** An item as it comes from Redis. */
export interface CellItem {
  readonly key: string
  readonly value: unknown
  /** When it came, in ms of the server's time. */
  readonly came: number
  readonly attempt: number
  readonly reason?: 'attempts' | 'rejected'
  readonly from?: string
}

/** Two digits of base 36 for each number that they can be. */
const LAST_DIGITS = Array.from({ length: 36 * 36 }, (_, i) => i.toString(36).padStart(2, '0'))

/** The stamps of this process: when an item came, in steps of 1/1024 ms, each later than the one before. */
export class Stamps {
  #last = 0
  /** The first digits, which many stamps share: to write them takes longer than the rest of an add. */
  #high = 0
  #highDigits = ''

  /** @param now the server's time in ms */
  next(now: number): string {
    this.#last = Math.max(this.#last + 1, Math.floor(now) * 1_024)
    const low = this.#last % LAST_DIGITS.length
    const high = (this.#last - low) / LAST_DIGITS.length
    if (high !== this.#high) {
      this.#high = high
      this.#highDigits = high.toString(36).padStart(8, '0')
    }
    return this.#highDigits + LAST_DIGITS[low]
  }
}

/** When the item of a stamp came, or of what begins with one, in ms of the server's time. */
export function cameAt(stamp: string): number {
  return Number.parseInt(stamp.slice(0, 10), 36) / 1_024
}

/**
 * Writes an item for Redis.
 *
 * @throws MqueueError `MQ_INVALID_VALUE` when the value holds what cannot be kept, such as a function
 */
export function cellOf(stamp: string, key: string, value: unknown): Cell {
  const { val, val_type } = encode('', value)
  return { key: writeKey(key), head: `${stamp}${NUL}${val_type ?? ''}${NUL}`, value: val }
}

/** A key as it stands in Redis: as itself where that is a text that differs from all others. */
export function writeKey(key: string): string {
  const isPlain = key.isWellFormed() && !key.includes(NUL) && !key.startsWith(AS_JSON)
  return isPlain ? key : AS_JSON + JSON.stringify(key)
}

/**
 * Reads an item from Redis.
 *
 * @param queue its queue, for the error
 * @throws MqueueError `MQ_INVALID_VALUE` when it cannot be read
 */
export function readCell(queue: string, cell: string): CellItem {
  try {
    const [meta, type, key, ...rest] = cell.split(NUL)
    if (meta === undefined || type === undefined || key === undefined || rest.length !== 1) {
      throw new Error('it does not have four parts')
    }
    const [stamp = '', attempt = '0', reason, from] = meta.split(',')
    const { value } = decode({ key: '', val: rest[0] as string, val_type: type || null })
    const origin = reason === undefined ? undefined : { reason: reason as 'rejected', from }
    return {
      key: key.startsWith(AS_JSON) ? JSON.parse(key.slice(1)) : key,
      value,
      came: cameAt(stamp),
      attempt: Number(attempt),
      ...origin,
    }
  } catch (cause) {
    const text = `Queue ${quote(queue)}: an item in Redis cannot be read: ${reasonOf(cause)}`
    const shown = `${text}. It begins with ${quote(cell.slice(0, 80))}.`
    throw new MqueueError('MQ_INVALID_VALUE', shown, { queue, cause })
  }
}

/**
 * What names an item while it waits: the place it was seen at, its stamp, and the hash of all but what changes when it is
 * handed out.
 */
export function nameOf(place: number, cell: string): string {
  const end = cell.indexOf(NUL)
  const hash = createHash('sha1').update(cell.slice(Math.max(end, 0)))
  return `${place}-${end < 0 ? '' : cell.slice(0, 10)}-${hash.digest('hex')}`
}

/** The parts of the name of an item, as the script takes them: the place, the stamp and the hash. */
export function partsOf(name: string): [string, string, string] {
  const [place = '', stamp = '', hash = ''] = name.split('-')
  return [/^\d{1,15}$/.test(place) ? place : '0', stamp, hash]
}
