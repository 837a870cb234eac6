import { types } from 'node:util'
import { reasonOf } from './errors.ts'
import { isError } from './kinds.ts'

/** What a value is, in a word for people. */
export type Kind =
  | 'text'
  | 'number'
  | 'boolean'
  | 'null'
  | 'undefined'
  | 'list'
  | 'object'
  | 'map'
  | 'set'
  | 'binary'
  | 'date'
  | 'error'
  | 'function'
  | 'symbol'
  | 'unreadable'

/** A value as text for people. */
export interface Preview {
  readonly text: string
  readonly kind: Kind
  /** Whether there is more of it than the text has. */
  readonly isCut: boolean
}

/** How deep in a value its parts are shown. */
const MOST_LEVELS = 500
/** Beyond this a big integer has more digits than are worth the time that they take. */
const BIG = 10n ** 1000n
/** How many digits of such a one are shown, in base 16. */
const BIG_DIGITS = 32

/**
 * Makes of a value a text for people, whatever it is. A text is itself, and what is binary is its bytes in base 16.
 * What has parts is what JSON would say, with a word for what JSON has none for. Of a large value only as much is
 * looked at as is shown. It never throws: what does not let itself be read is `unreadable`, and the text is the
 * reason.
 *
 * @param length the most characters of the text, counted as JavaScript does; no character is cut in two
 */
export function preview(value: unknown, length: number): Preview {
  const text = new Text(length)
  try {
    const plain = types.isBoxedPrimitive(value) ? value.valueOf() : value
    const kind = kindOf(plain)
    try {
      if (typeof plain === 'string') text.write(plain)
      else new Writer(text).value(plain, 0)
    } catch (error) {
      if (error !== FULL) throw error
    }
    return { text: text.whole, kind, isCut: text.isCut }
  } catch (error) {
    return { kind: 'unreadable', ...cut(reason(error), length) }
  }
}

/** The first characters of a text, none of which is cut in two. */
export function cut(text: string, length: number): { text: string; isCut: boolean } {
  if (text.length <= length) return { text, isCut: false }
  const isInPair = isHigh(text.charCodeAt(length - 1)) && isLow(text.charCodeAt(length))
  return { text: text.slice(0, isInPair ? length - 1 : length), isCut: true }
}

/** Ends what is being written, since there is no room for more. */
const FULL = new Error('there is no room for more')

/** A text that has room for so many characters. */
class Text {
  readonly #length: number
  #whole = ''
  #isCut = false

  constructor(length: number) {
    this.#length = length
  }

  get whole(): string {
    return this.#whole
  }

  get isCut(): boolean {
    return this.#isCut
  }

  get room(): number {
    return this.#length - this.#whole.length
  }

  /** @throws FULL once there is no room for all of it */
  write(part: string): void {
    const { text, isCut } = cut(part, this.room)
    this.#whole += text
    if (isCut) this.end()
  }

  /** There is more that is not written. */
  end(): never {
    this.#isCut = true
    throw FULL
  }
}

type Members = Record<string, unknown>

/** Writes the parts of a value, one after the other, as long as there is room. */
class Writer {
  readonly #text: Text
  /** The objects that hold what is being written. */
  readonly #holders = new Set<object>()

  constructor(text: Text) {
    this.#text = text
  }

  value(given: unknown, level: number): void {
    if (typeof given === 'string') this.#quoted(given)
    else if (typeof given === 'bigint') this.#bigInt(given)
    else if (typeof given === 'function') this.#text.write('[Function]')
    else if (Object.is(given, -0)) this.#text.write('-0')
    else if (typeof given !== 'object' || given === null) this.#text.write(String(given))
    else if (this.#holders.has(given)) this.#text.write('[Circular]')
    else if (level > MOST_LEVELS) this.#text.end()
    else {
      this.#holders.add(given)
      this.#object(given, level)
      this.#holders.delete(given)
    }
  }

  #object(given: object & { toJSON?: unknown }, level: number): void {
    const isWithin = level > 0
    if (types.isBoxedPrimitive(given)) this.value(given.valueOf(), level)
    else if (isBinary(given)) this.#binary(given, isWithin)
    else if (types.isDate(given)) this.#plain(dateText(given), isWithin)
    else if (types.isRegExp(given)) this.#text.write(String(given))
    else if (isError(given)) this.#error(given, isWithin)
    else if (typeof given.toJSON === 'function') {
      const told: unknown = given.toJSON('')
      if (typeof told !== 'object' || told === null) this.value(told, level)
      else this.#parts(told, level)
    } else this.#parts(given, level)
  }

  #parts(given: object, level: number): void {
    if (Array.isArray(given)) this.#list(given, level)
    else if (types.isMap(given)) this.#sequence(given.entries(), level)
    else if (types.isSet(given)) this.#sequence(given.values(), level)
    else this.#members(given as Members, level)
  }

  /** Goes by the index, since a list may have many places with nothing in them. */
  #list(list: readonly unknown[], level: number): void {
    this.#text.write('[')
    for (let i = 0; i < list.length; i++) {
      if (i > 0) this.#text.write(',')
      this.value(list[i], level + 1)
    }
    this.#text.write(']')
  }

  #sequence(items: Iterable<unknown>, level: number): void {
    let between = ''
    this.#text.write('[')
    for (const item of items) {
      this.#text.write(between)
      this.value(item, level + 1)
      between = ','
    }
    this.#text.write(']')
  }

  #members(given: Members, level: number): void {
    const isMessage = '_msgid' in given
    let between = ''
    this.#text.write('{')
    for (const name in given) {
      if (!Object.hasOwn(given, name)) continue
      // The request and the response of a whole message are of use to its flow only.
      if (isMessage && (name === 'req' || name === 'res')) continue
      this.#text.write(between)
      this.#quoted(name)
      this.#text.write(':')
      this.value(given[name], level + 1)
      between = ','
    }
    this.#text.write('}')
  }

  /** A text as JSON has it. Only as much of it is escaped as there is room for. */
  #quoted(text: string): void {
    const { text: first, isCut } = cut(text, this.#text.room)
    const json = JSON.stringify(first)
    if (!isCut) this.#text.write(json)
    else {
      this.#text.write(json.slice(0, -1))
      this.#text.end()
    }
  }

  #plain(text: string, isWithin: boolean): void {
    if (isWithin) this.#quoted(text)
    else this.#text.write(text)
  }

  #binary(given: NodeJS.ArrayBufferView | ArrayBufferLike, isWithin: boolean): void {
    const { byteLength } = given
    const [buffer, offset] = ArrayBuffer.isView(given)
      ? [given.buffer, given.byteOffset]
      : [given, 0]
    const some = Math.min(byteLength, Math.ceil(this.#text.room / 2))
    this.#plain(Buffer.from(buffer, offset, some).toString('hex'), isWithin)
    if (some < byteLength) this.#text.end()
  }

  #error({ name, message }: Error, isWithin: boolean): void {
    const first = cut(typeof message === 'string' ? message : '', this.#text.room)
    this.#plain(`${cut(String(name), 100).text}: ${first.text}`, isWithin)
    if (first.isCut) this.#text.end()
  }

  /** The time to make its digits grows with the square of their number, so of a very big one the last are shown. */
  #bigInt(value: bigint): void {
    if (value < BIG && value > -BIG) this.#text.write(String(value))
    else {
      const last = BigInt.asUintN(4 * BIG_DIGITS, value < 0n ? -value : value).toString(16)
      this.#text.write(`${value < 0n ? '-' : ''}0x…${last.padStart(BIG_DIGITS, '0')}`)
      this.#text.end()
    }
  }
}

function kindOf(value: unknown): Kind {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'string':
      return 'text'
    case 'bigint':
      return 'number'
    case 'object':
      return kindOfObject(value)
    default:
      return typeof value as Kind
  }
}

function kindOfObject(value: object): Kind {
  if (Array.isArray(value)) return 'list'
  if (isBinary(value)) return 'binary'
  if (types.isDate(value)) return 'date'
  if (types.isMap(value)) return 'map'
  if (types.isSet(value)) return 'set'
  return isError(value) ? 'error' : 'object'
}

function isBinary(value: object): value is NodeJS.ArrayBufferView | ArrayBufferLike {
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)
}

function dateText(date: Date): string {
  const time = Date.prototype.getTime.call(date)
  return Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString()
}

/** What was thrown, which may be anything, says. */
function reason(thrown: unknown): string {
  try {
    return reasonOf(thrown)
  } catch {
    return ''
  }
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}
