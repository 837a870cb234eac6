import { deserialize, serialize } from 'node:v8'
import { asJson } from './as-json.ts'
import { MqueueError, reasonOf } from './errors.ts'
import { isPlainObject } from './kinds.ts'

/** How an item stands in its row. */
export interface StoredItem {
  readonly key: string
  readonly val: string
  /**
   * How `key` and `val` are written; null where both are plain text, as Kamailio's are. Else what `val` is:
   * `text`; `json`; `v8`, Node's structured clone in Base64, for what JSON has no word for. With
   * `+key` behind it the key is JSON, since a database does not take every text.
   */
  readonly val_type: string | null
}

const MOST_LEVELS = 1000
/** The most objects that are written as JSON. An object that is held twice counts twice, so there may be without end. */
const MOST_OBJECTS = 1_000_000

/**
 * Writes an item for its row, so that `decode` returns the same key and value again. The request and the response
 * of a whole message stay behind: they end with the process.
 *
 * @throws MqueueError `MQ_INVALID_VALUE` when the value holds what no database can keep, such as a function
 */
export function encode(key: string, value: unknown): StoredItem {
  const plainKey = isPlain(key)
  if (typeof value === 'string' && plainKey && isPlain(value)) {
    return { key, val: value, val_type: null }
  }
  const [val, type] = write(value)
  if (plainKey) return { key, val, val_type: type }
  return { key: JSON.stringify(key), val, val_type: `${type}+key` }
}

/**
 * Makes sure that `encode` will take a value.
 *
 * @throws MqueueError `MQ_INVALID_VALUE` as `encode` does
 */
export function assertKeepable(value: unknown): void {
  if (typeof value !== 'string' && !isJson(value)) write(value)
}

/** Reads what `encode` wrote, or a row of Kamailio's, which has no `val_type`. */
export function decode({ key, val, val_type }: StoredItem): { key: string; value: unknown } {
  const [type = 'text', keyed] = (val_type ?? 'text').split('+')
  return { key: keyed === undefined ? key : JSON.parse(key), value: read(val, type) }
}

/**
 * Writes an item for a table that has no `val_type`, as text or JSON, so that Kamailio can read it.
 *
 * @throws MqueueError `MQ_INVALID_VALUE` when the key or the value is a text that such a table cannot hold, or when
 *   the value does not let itself be read
 */
export function encodeAsText(key: string, value: unknown): StoredItem {
  const val = typeof value === 'string' ? value : kept(() => JSON.stringify(asJson(value)))
  if (isPlain(key) && isPlain(val)) return { key, val, val_type: null }
  const text =
    'A table without the column val_type cannot keep a text with a NUL or half a character.'
  throw new MqueueError('MQ_INVALID_VALUE', text)
}

/**
 * Writes an item as `encode` does and, of a value that it refuses, what JSON can hold.
 *
 * @throws what `encode` throws, when that is nothing
 */
export function encodeWhatCan(key: string, value: unknown): StoredItem {
  try {
    return encode(key, value)
  } catch (error) {
    const plain = asJson(value)
    if (plain === null && value !== null) throw error
    return encode(key, plain)
  }
}

/** Whether every database takes a text: PostgreSQL takes no NUL, and none half a surrogate pair. */
function isPlain(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

function write(value: unknown): [val: string, type: string] {
  if (typeof value === 'string' && isPlain(value)) return [value, 'text']
  return kept(() => {
    const own = withoutLive(value)
    if (isJson(own)) return [JSON.stringify(own), 'json']
    return [serialize(own).toString('base64'), 'v8']
  })
}

/** What is made of a value to keep it. */
function kept<T>(make: () => T): T {
  try {
    return make()
  } catch (cause) {
    const text = `The value cannot be kept in a database: ${reasonOf(cause)}`
    throw new MqueueError('MQ_INVALID_VALUE', `${text} Queue the data that it is made of.`)
  }
}

function read(val: string, type: string): unknown {
  if (type === 'text') return val
  if (type === 'json') return JSON.parse(val)
  if (type === 'v8') return deserialize(Buffer.from(val, 'base64'))
  throw new Error(`its val_type "${type}" is not known here`)
}

/** A whole message without the request and the response, which are of use to this process only. */
function withoutLive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('_msgid' in value)) return value
  if (!('req' in value) && !('res' in value)) return value
  const { req: _req, res: _res, ...rest } = value as Record<string, unknown>
  return rest
}

/** Whether JSON returns the same value. */
function isJson(value: unknown, level = 0, walk = { objects: 0 }): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || level > MOST_LEVELS || ++walk.objects > MOST_OBJECTS)
    return false
  if (Array.isArray(value)) return isJsonList(value, level, walk)
  if (!isPlainObject(value) && Object.getPrototypeOf(value) !== null) return false
  for (const key in value) {
    if (key === 'toJSON') return false
    if (!isJson((value as Record<string, unknown>)[key], level + 1, walk)) return false
  }
  return true
}

function isJsonList(list: unknown[], level: number, walk: { objects: number }): boolean {
  if (Object.keys(list).length !== list.length) return false
  return list.every((value) => isJson(value, level + 1, walk))
}
