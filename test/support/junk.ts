/** What a property in a flow file may be, whatever it should be: any JSON. */
import fc from 'fast-check'

/** Some of each kind, those first that have been taken for something else. */
export const JUNK: readonly unknown[] = [
  5,
  -1.5,
  true,
  false,
  null,
  [],
  ['mqk'],
  {},
  { trim: 1, length: 100 },
  '',
  ' ',
  '{',
  '__proto__',
  '\ud800\0',
  'x'.repeat(10_000),
]

/**
 * Node-RED itself refuses a flow file with an object that hides how it becomes a text. Its test helper does not load a flow
 * with a member named __proto__, since its copy of it has none.
 */
export const anyJunk: fc.Arbitrary<unknown> = fc
  .oneof(fc.constantFrom(...JUNK), fc.jsonValue())
  .filter((junk) => !/"(toString|valueOf|__proto__)"/.test(JSON.stringify(junk)))

/** What a message may come to: the codes of the contract. */
export const CODES: readonly string[] = [
  'MQ_UNKNOWN_QUEUE',
  'MQ_INVALID_KEY',
  'MQ_INVALID_VALUE',
  'MQ_INVALID_DEFINITION',
  'MQ_NO_CONFIG',
]
