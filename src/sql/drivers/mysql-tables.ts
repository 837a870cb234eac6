import mysql from 'mysql2'
import type { Column, Description } from './driver.ts'
import type { MysqlSession } from './mysql-session.ts'

interface FoundTable {
  readonly table: string
  readonly kind: string
  readonly engine: string | null
}

interface FoundColumn {
  readonly table: string
  readonly name: string
  readonly type: string
  readonly kind: string
  readonly longest: number | null
  readonly charset: string | null
  readonly packet: number
}

/**
 * What the server knows of some tables or views, by name, in the case that the server has it in.
 *
 * @param databases what names their database
 */
export async function describeTables(
  session: MysqlSession,
  tables: readonly string[],
  databases: readonly string[],
): Promise<Map<string, Description>> {
  const found = new Map<string, Description & { columns: Column[] }>()
  // The server looks a single name up; for several it goes through all tables.
  const names =
    tables.length === 1
      ? `= ${mysql.escape(tables[0])}`
      : `in (${tables.map((table) => mysql.escape(table)).join()})`
  const where = `where table_schema = database() and table_name ${names}`
  const relations = await session.rows<FoundTable>(
    `select table_name as \`table\`, table_type as kind, engine as engine
    from information_schema.tables ${where}`,
  )
  for (const relation of relations) {
    found.set(relation.table, {
      columns: [],
      unfit: unfitness(relation),
      names: databases.map((database) => `${database}/${relation.table}`),
    })
  }
  if (found.size === 0) return found
  const columns = await session.rows<FoundColumn>(
    `select table_name as \`table\`, column_name as name, column_type as type, data_type as kind,
      character_maximum_length as longest, character_set_name as charset,
      @@max_allowed_packet as packet
    from information_schema.columns ${where}`,
  )
  for (const column of columns) found.get(column.table)?.columns.push(asColumn(column))
  return found
}

function unfitness({ kind, engine }: FoundTable): string | undefined {
  if (kind === 'VIEW') return 'it is a view'
  if (engine === 'InnoDB') return undefined
  return `its engine is ${engine}, which knows no transactions; alter it to engine = InnoDB`
}

function asColumn({ name, type, kind, longest, charset, packet }: FoundColumn): Column {
  const isBounded = kind === 'varchar'
  // A text type is bounded in bytes, and a statement with its quoted text must fit into a packet.
  const inPacket = Number(packet) / 2 - 1_000
  const bytes = isBounded ? inPacket : Math.min(Number(longest), inPacket)
  return {
    name: name.toLowerCase(),
    type,
    isText: ['varchar', 'tinytext', 'text', 'mediumtext', 'longtext'].includes(kind),
    isInteger: kind.endsWith('int'),
    refuses(text) {
      if (charset !== 'utf8mb4' && !isIn(charset, text)) {
        return `its character set ${charset} does not hold every text; convert it to utf8mb4`
      }
      if (isBounded && text.length > Number(longest) && [...text].length > Number(longest)) {
        return `it holds at most ${longest} characters`
      }
      if (3 * text.length <= bytes || Buffer.byteLength(text) <= bytes) return undefined
      return `it holds at most ${Math.floor(bytes)} bytes`
    },
  }
}

/** Whether a character set certainly holds a text. */
function isIn(charset: string | null, text: string): boolean {
  const isBasic = !/[\u{10000}-\u{10ffff}]/u.test(text)
  if (charset === 'utf8' || charset === 'utf8mb3') return isBasic
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}
