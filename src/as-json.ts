import { types } from 'node:util'
import { isError } from './kinds.ts'

/**
 * Receives how many characters the next part of a value will be written with, before that part is made. It may throw,
 * which ends it.
 */
export type Count = (characters: number) => void

/** What a value that is not a text counts at least, since each takes its time. */
const LEAST = 5

/** How many characters more than one stand for a character that is written as its code. */
const LONG_ESCAPE = 5
/** How many characters more than one stand for each character, by its code; beyond there are only halves of pairs. */
const ESCAPES = new Uint8Array(0x60).fill(LONG_ESCAPE, 0, 0x20)
for (const character of '\b\t\n\f\r"\\') ESCAPES[character.charCodeAt(0)] = 1

/**
 * Makes of a value what JSON can hold of it. A big integer becomes its text, a map or a set a list, and an error its
 * name and message. An object within itself becomes "[Circular]", and what JSON has no word for null. The request and the
 * response of a whole message are left out: they are of use to its flow only.
 *
 * @param count receives what `JSON.stringify` will write; by default nothing does
 * @throws what `count` throws, or what the value throws when it is read
 */
export function asJson(value: unknown, count: Count = () => {}): unknown {
  return new Maker(count).make(value, '') ?? null
}

type Members = Record<string, unknown>

class Maker {
  readonly #count: Count
  /** The objects that hold what is being made. */
  readonly #holders = new Set<object>()

  constructor(count: Count) {
    this.#count = count
  }

  /** @returns undefined for what JSON has no word for */
  make(given: unknown, key: string): unknown {
    if (typeof given !== 'object' || given === null) return this.#makePrimitive(given)
    if (this.#holders.has(given)) return this.#makePrimitive('[Circular]')
    this.#holders.add(given)
    const made = this.#makeObject(given, key)
    this.#holders.delete(given)
    return made
  }

  #makeObject(given: object & { toJSON?: unknown }, key: string): unknown {
    if (Buffer.isBuffer(given)) {
      this.#count(4 * given.length + 30)
      return given.toJSON()
    }
    if (typeof given.toJSON !== 'function') return this.#makeKind(given)
    const told: unknown = given.toJSON(key)
    return typeof told === 'object' && told !== null
      ? this.#makeKind(told)
      : this.#makePrimitive(told)
  }

  #makeKind(given: object): unknown {
    if (Array.isArray(given) || types.isMap(given) || types.isSet(given)) return this.#list(given)
    if (types.isBoxedPrimitive(given)) return this.#makePrimitive(given.valueOf())
    if (types.isTypedArray(given)) return this.#elements(given)
    if (isError(given)) return this.#members({ name: given.name, message: given.message })
    return this.#members(given as Members)
  }

  #list(items: Iterable<unknown>): unknown[] {
    const list: unknown[] = []
    this.#count(LEAST)
    for (const item of items) list.push(this.make(item, String(list.length)) ?? null)
    return list
  }

  #members(given: Members): Members {
    const made: Members = {}
    const isMessage = '_msgid' in given
    this.#count(LEAST)
    for (const name of Object.keys(given)) {
      if (isMessage && (name === 'req' || name === 'res')) continue
      this.#countText(name)
      const json = this.make(given[name], name)
      if (json !== undefined) add(made, name, json)
    }
    return made
  }

  /** Goes from one to the next, since the names of all together may need more memory than there is. */
  #elements(array: NodeJS.TypedArray): Members {
    const made: Members = {}
    this.#count(LEAST)
    for (let i = 0; i < array.length; i++) {
      this.#countText(String(i))
      made[i] = this.make(array[i], '')
    }
    return made
  }

  #makePrimitive(value: unknown): unknown {
    if (typeof value === 'bigint') return this.#makeBigInt(value)
    if (typeof value === 'string') {
      this.#countText(value)
      return value
    }
    const isNumber = typeof value === 'number'
    this.#count(isNumber ? Math.max(LEAST, String(value).length + 1) : LEAST)
    if (isNumber) return Number.isFinite(value) ? value : null
    return typeof value === 'boolean' || value === null ? value : undefined
  }

  #makeBigInt(value: bigint): unknown {
    // The time to make its digits grows with the square of their number; to the base of 16 it does not.
    this.#count(value.toString(16).length ** 2 / 10_000)
    return this.#makePrimitive(String(value))
  }

  /** Counts a text with its quotes, and what stands behind it. */
  #countText(text: string): void {
    this.#count(text.length + 3)
    this.#count(escapesIn(text))
  }
}

/** Adds a member, also one named __proto__, which an assignment takes for something else. */
function add(members: Members, name: string, value: unknown): void {
  if (name !== '__proto__') members[name] = value
  else Object.defineProperty(members, name, { value, enumerable: true })
}

/** How many characters more than it has a text is written with in JSON. */
function escapesIn(text: string): number {
  let more = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < ESCAPES.length) more += ESCAPES[code] as number
    else if (code >= 0xd800 && code <= 0xdfff) {
      if (isPair(code, text.charCodeAt(i + 1))) i++
      else more += LONG_ESCAPE
    }
  }
  return more
}

/** Whether two code units make one character; one that has no other is escaped. */
function isPair(first: number, second: number): boolean {
  return first < 0xdc00 && second >= 0xdc00 && second <= 0xdfff
}
