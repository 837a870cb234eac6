import { checkDefinitions, isReference } from './check.ts'

/** What differs between the queues of a Kamailio and those of the list. */
export interface Compared {
  /** Those that the list lacks. */
  missing: string[]
  /** Those that Kamailio lacks. */
  surplus: string[]
  /** Those of Kamailio whose names cannot be used here. */
  unusable: string[]
}

/**
 * Compares the queues of a Kamailio with those of the list. What an environment variable names may be any of them.
 *
 * @param there the names that Kamailio has
 * @param listed the names in the list; blank for a queue that has none yet
 */
export function compareQueues(there: readonly string[], listed: readonly string[]): Compared {
  const [known, answered] = [new Set(listed), new Set(there)]
  const unknown = [...answered].filter((name) => !known.has(name))
  const isUsable = (name: string) =>
    !isReference(name) && checkDefinitions([{ name }], {}).errors.length === 0
  return {
    missing: unknown.filter(isUsable),
    surplus: listed.filter((name) => name !== '' && !isReference(name) && !answered.has(name)),
    unusable: unknown.filter((name) => !isUsable(name)),
  }
}
