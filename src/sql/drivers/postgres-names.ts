import pg from 'pg'

/** The most characters of a name: PostgreSQL cuts what is longer. */
const LONGEST = 63
/** What PostgreSQL reads as a name, and folds to lower case, where it is not quoted. */
const WORD = /^[A-Za-z_][A-Za-z0-9_]*$/

/** A name in a database: in a schema of it, or, without one, in the first of the search path that has it. */
export interface Place {
  readonly schema: string | undefined
  readonly name: string
}

/** Where the table of a queue is. */
export interface Places {
  /** Where Kamailio finds it. What Kamailio does not take for a name, such as `a-b`, stands for itself. */
  readonly table: Place
  /** Where it was made by the versions of this package that quoted every name; undefined where that is the same. */
  readonly quoted: Place | undefined
  /** Why it can have none, if so. */
  readonly unfit: string | undefined
}

/**
 * Finds the place of a queue's table. Kamailio does not quote names, so that PostgreSQL folds them to lower case and takes
 * a dot for the end of a schema's name.
 *
 * @param client the connection, which knows its database
 */
export function placesOf(queue: string, { database }: pg.Client): Places {
  const itself = { schema: undefined, name: queue }
  const parts = queue.split('.')
  const isWord = parts.length <= 3 && parts.every((part) => WORD.test(part))
  const [name = '', schema, from = database] = parts.map((part) => part.toLowerCase()).reverse()
  const table = isWord && from === database ? { schema, name } : itself
  const wasOther = table.name !== queue && queue.length <= LONGEST
  return { table, quoted: wasOther ? itself : undefined, unfit: unfitness(queue, table) }
}

function unfitness(queue: string, { schema, name }: Place): string | undefined {
  if (name.length > LONGEST) {
    return `PostgreSQL keeps ${LONGEST} characters of a name; rename the queue`
  }
  if (queue.includes('--')) {
    return 'what follows "--" in its name is a comment to Kamailio and PostgreSQL; rename the queue'
  }
  if (!schema?.startsWith('pg_')) return undefined
  return `the schema "${schema}", which Kamailio and PostgreSQL take it to be in, is the server's own; rename the queue`
}

/** A place as it stands in a statement. */
export function inStatement({ schema, name }: Place): string {
  const table = pg.escapeIdentifier(name)
  return schema === undefined ? table : `${pg.escapeIdentifier(schema)}.${table}`
}
