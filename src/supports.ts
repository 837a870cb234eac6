import type { ParsedDefinitions } from './definition.ts'
import type { Supports } from './engine.ts'
import { MqueueError, quote } from './errors.ts'

/**
 * Separates the definitions that an engine does not support from the others.
 *
 * @returns the other definitions, and the errors with one more for each that was separated: a
 *   `MQ_INVALID_DEFINITION` that names the queue, the field and what is allowed
 */
export function supported(parsed: ParsedDefinitions, { dbmodes }: Supports): ParsedDefinitions {
  const definitions = parsed.definitions.filter(({ dbmode }) => dbmodes.includes(dbmode))
  const errors = [...parsed.errors]
  for (const { name: queue, dbmode } of parsed.definitions) {
    if (dbmodes.includes(dbmode)) continue
    const text = `Queue ${quote(queue)}: with this engine, Storage (dbmode) must be ${choices(dbmodes)}`
    const place = { queue, field: 'dbmode', rule: 'dbmode' } as const
    errors.push(new MqueueError('MQ_INVALID_DEFINITION', text, place))
  }
  return { definitions, errors }
}

/** Choices as they stand in a sentence: `0, 1 or 2`. */
export function choices(all: readonly unknown[]): string {
  const [last, ...others] = all.toReversed()
  return others.length === 0 ? String(last) : `${others.reverse().join(', ')} or ${last}`
}
