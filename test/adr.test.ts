/** The decisions: each has the same form, and the index lists all of them. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PROJECT } from './support/node-red.ts'

const DIRECTORY = join(PROJECT, 'docs/adr')
const PARTS = ['Context', 'Decision', 'Alternatives', 'Consequences']
const STATUS = /^(proposed|accepted|(superseded) by \[ADR (\d+)\]\((\d{4}-[a-z0-9-]+\.md)\))$/

const files = globSync('[0-9]*.md', { cwd: DIRECTORY }).sort()
const textOf = (file: string) => readFileSync(join(DIRECTORY, file), 'utf8')

/** What stands at the top of a decision. */
function headOf(file: string) {
  const head = /^# (\d+)\. (.+)\n\n- Date: (\d{4}-\d\d-\d\d)\n- Status: (.+)\n\n/.exec(textOf(file))
  assert.ok(head, `${file} begins with its number, title, date and status`)
  const [, number = '', title = '', date = '', status = ''] = head
  return { number: Number(number), title, date, status }
}

describe('the decisions', () => {
  it('are numbered without a gap, as their files are named', () => {
    assert.ok(files.length > 24, `${files.length} decisions`)
    for (const [at, file] of files.entries()) {
      assert.equal(headOf(file).number, at + 1, file)
      assert.ok(file.startsWith(`${String(at + 1).padStart(4, '0')}-`), file)
    }
  })

  it('have a date of the calendar, and a status', () => {
    for (const file of files) {
      const { date, status } = headOf(file)
      assert.equal(new Date(date).toISOString().slice(0, 10), date, file)
      assert.match(status, STATUS, file)
    }
  })

  it('have a context, a decision, alternatives and consequences, in this order', () => {
    for (const file of files) {
      const parts = [...textOf(file).matchAll(/^\*\*(\w+)\.\*\* \S/gm)].map(([, part = '']) => part)
      assert.deepEqual(
        parts.filter((part) => PARTS.includes(part)),
        PARTS,
        file,
      )
    }
  })

  it('name the decision that superseded them, and are named by it', () => {
    for (const file of files) {
      const [, , superseded, number, other] = STATUS.exec(headOf(file).status) ?? []
      if (superseded === undefined) continue
      assert.ok(other !== undefined && files.includes(other), `${file} → ${other}`)
      assert.equal(Number(number), headOf(other).number, file)
      assert.ok(textOf(other).includes(`](${file})`), `${other} → ${file}`)
    }
  })

  it('link to pages that are there', () => {
    for (const file of [...files, 'README.md']) {
      for (const [, target = ''] of textOf(file).matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
        if (/^https?:/.test(target)) continue
        assert.ok(existsSync(join(DIRECTORY, target)), `${file} → ${target}`)
      }
    }
  })

  it('are all listed in the index, as they say of themselves', () => {
    const rows = textOf('README.md').match(/^\| \[\d+\].*$/gm) ?? []
    const wanted = files.map((file) => {
      const { number, title, date, status } = headOf(file)
      return `| [${number}](${basename(file)}) | ${title} | ${date} | ${status} |`
    })
    assert.deepEqual(rows, wanted)
  })
})
