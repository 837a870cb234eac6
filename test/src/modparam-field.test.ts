/** Configurations as people write them, and what a real Kamailio makes of each. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseModparams, type QueueDefinition } from '../../src/index.ts'

interface Expected {
  /** Exactly these queues, and no error. */
  definitions?: QueueDefinition[]
  dbUrl?: string
  /** Or at least one error, and none of the queues under `never`. */
  orTell?: boolean
  /** At least one error that names what is not followed. */
  mustTell?: boolean
  never?: string[]
}

const FIELD = join(import.meta.dirname, '../field')

describe('parseModparams in the field', () => {
  for (const list of globSync('cfg-*/expected.json', { cwd: FIELD }).sort()) {
    const folder = join(FIELD, dirname(list))
    const files: Record<string, Expected> = JSON.parse(readFileSync(join(FIELD, list), 'utf8'))
    for (const [file, expected] of Object.entries(files)) {
      it(`${dirname(list)}/${file}`, () =>
        check(readFileSync(join(folder, file), 'utf8'), expected))
    }
  }
})

function check(text: string, expected: Expected): void {
  const { definitions, dbUrl, orTell = false, mustTell = false, never = [] } = expected
  const read = parseModparams(text)
  for (const { name } of read.definitions) assert.ok(!never.includes(name), name)
  for (const { line } of read.errors) assert.ok(line !== undefined && line > 0)
  if (mustTell) assert.ok(read.errors.length > 0, 'nothing is reported')
  else if (orTell && read.errors.length > 0) return
  else assert.deepEqual(read.errors, [])
  if (definitions !== undefined) assert.deepEqual(read.definitions, definitions)
  if (dbUrl !== undefined) assert.equal(read.dbUrl, dbUrl)
}
