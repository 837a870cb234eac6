/**
 * What a value is, wherever it was made. The objects of a Function node, as those of any other realm, have their own
 * prototypes, so neither `instanceof` nor a comparison of prototypes knows them.
 */
import { types } from 'node:util'

/** Whether an object is a plain one, as `{}` makes it. */
export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || isObjectPrototype(prototype)
}

/** Whether a value is an error, or an object that passes for one. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error
}

/** Whether this is the prototype of the plain objects of some realm. */
function isObjectPrototype(prototype: object | null): boolean {
  return (
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'hasOwnProperty')
  )
}
