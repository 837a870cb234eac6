import mysql from 'mysql2'
import { Charset, isHalf, UNITS } from './charset.ts'
import type { MysqlSession } from './mysql-session.ts'

/** The characters that the server is asked for at a time. */
const AT_ONCE = 4_096
/** A character beyond the first 65,536: a character set holds all of them or none. */
const BEYOND = '😀'

/** The character sets of a server, each found out when it is first needed. */
export class MysqlCharsets {
  readonly #session: MysqlSession
  readonly #known = new Map<string, Charset>()

  constructor(session: MysqlSession) {
    this.#session = session
  }

  /** What a character set holds; undefined when it holds everything, as utf8mb4 does. */
  async find(name: string): Promise<Charset | undefined> {
    if (name === 'utf8mb4') return undefined
    const charset = this.#known.get(name) ?? (await this.#ask(name))
    this.#known.set(name, charset)
    return charset
  }

  /** Makes the server write all characters in it, and read them again. */
  async #ask(name: string): Promise<Charset> {
    const [found] = await this.#session.rows<{ longest: number }>(
      `select maxlen as longest from information_schema.character_sets
      where character_set_name = ${mysql.escape(name)}`,
    )
    const width = widthIn(name, Number(found?.longest))
    const bytes = new Uint8Array(UNITS)
    for (let from = 0; from < UNITS; from += AT_ONCE) {
      let characters = ''
      for (let unit = from; unit < from + AT_ONCE; unit++) {
        if (!isHalf(unit)) characters += String.fromCharCode(unit)
      }
      const kept = await this.#kept(name, characters)
      for (let at = 0; at < characters.length; at++) {
        const unit = characters.charCodeAt(at)
        if (kept.charCodeAt(at) === unit) bytes[unit] = width(unit)
      }
    }
    if ((await this.#kept(name, BEYOND)) === BEYOND) bytes.fill(2, 0xd800, 0xe000)
    return new Charset(bytes)
  }

  async #kept(name: string, characters: string): Promise<string> {
    const [row] = await this.#session.rows<{ kept: string }>(
      `select convert(convert(${mysql.escape(characters)} using ${name}) using utf8mb4) as kept`,
    )
    return row?.kept ?? ''
  }
}

/** How many bytes a character takes in a character set, at most. */
function widthIn(name: string, longest: number): (unit: number) => number {
  if (name === 'utf32') return () => 4
  if (/^(ucs|utf16)/.test(name)) return () => 2
  if (/^utf8/.test(name)) return (unit) => (unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3)
  return (unit) => (unit < 0x80 ? 1 : longest)
}
