import { KAMAILIO_DBMODE, type QueueDefinition } from './definition.ts'

/**
 * Writes queue definitions as the `modparam` lines of a kamailio.cfg, which `parseModparams` reads
 * back as they were. What is 0 is left out, as it is Kamailio's default.
 *
 * @param definitions the queues, in the order of their lines
 * @param dbUrl Kamailio's `db_url`; blank is left out
 * @returns the lines, each with its line end; a comment marks what Kamailio does not know
 */
export function formatModparams(definitions: readonly QueueDefinition[], dbUrl = ''): string {
  const lines = dbUrl.trim() === '' ? [] : [modparam('db_url', dbUrl.trim())]
  for (const { name, size, addmode, dbmode } of definitions) {
    const attributes = Object.entries({ size, addmode, dbmode })
      .filter(([, value]) => value !== 0)
      .map(([attribute, value]) => `;${attribute}=${value}`)
    if (dbmode > KAMAILIO_DBMODE) {
      lines.push(`# Kamailio has no dbmode ${dbmode} (journal); it takes it for 0`)
    }
    lines.push(modparam('mqueue', `name=${name}${attributes.join('')}`))
  }
  return lines.map((line) => `${line}\n`).join('')
}

function modparam(parameter: string, value: string): string {
  return `modparam("mqueue", "${parameter}", "${value.replace(/["\\]/g, '\\$&')}")`
}
