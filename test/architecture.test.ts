/** What the layout promises: who may import whom, and where a thing is decided. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const PROJECT = join(import.meta.dirname, '..')
const files = globSync(['src/**/*.ts', 'nodes/**/*.ts'], { cwd: PROJECT }).filter(
  (file) => !file.endsWith('.d.ts'),
)
const textOf = (file: string) => readFileSync(join(PROJECT, file), 'utf8')

/** The files of the project that a file imports, types included. */
function importsOf(file: string): string[] {
  const found = textOf(file).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)
  return [...found].map(([, path = '']) =>
    relative(PROJECT, join(PROJECT, dirname(file), path)).replaceAll('\\', '/'),
  )
}

describe('the architecture', () => {
  it('has no circle of imports', () => {
    assert.ok(files.length > 60, `${files.length} files`)
    const done = new Set<string>()
    const visit = (file: string, path: string[]): void => {
      assert.ok(!path.includes(file), [...path, file].join(' → '))
      if (done.has(file)) return
      for (const next of importsOf(file)) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    const edges = files.reduce((sum, file) => sum + importsOf(file).length, 0)
    assert.ok(edges > files.length, `${edges} imports`)
  })

  it('has a sentence for every file', () => {
    const page = readFileSync(join(PROJECT, 'docs/architecture.md'), 'utf8')
    const top = files.filter((file) => file.startsWith('src/') || !file.slice(6).includes('/'))
    for (const file of top) {
      const [name = ''] = file.split('/').slice(-1)
      const isNode = /^nodes\/(mq-|mqueue)/.test(file)
      assert.ok(isNode || page.includes(`${name}\``), `${file} stands in docs/architecture.md`)
    }
  })

  it('keeps Node-RED out of src/', () => {
    for (const file of files.filter((one) => one.startsWith('src/'))) {
      assert.doesNotMatch(textOf(file), /from 'node-red'|from 'express'/, file)
      for (const next of importsOf(file)) assert.ok(next.startsWith('src/'), `${file} → ${next}`)
    }
  })

  it('keeps databases out of the queues: only the choice of a storage knows them', () => {
    const local = files.filter((file) => file.startsWith('src/local/'))
    const outside = local.filter((file) =>
      importsOf(file).some((next) => next.startsWith('src/sql/')),
    )
    assert.deepEqual(outside, ['src/local/storages.ts'])
  })

  it('compares a dbmode with a number in one place', () => {
    const numbers = /dbmode\s*(===|!==|<=?|>=?)\s*\d|\bcase [0-4]:/
    const places = files.filter((file) => numbers.test(textOf(file)))
    assert.deepEqual(places, ['src/local/storages.ts'])
  })

  it('loads a driver only when it is used', () => {
    const drivers = files.filter((file) => file.startsWith('src/sql/drivers/'))
    for (const file of files) {
      if (drivers.includes(file)) continue
      const statics = textOf(file).matchAll(/^import (?!type)[^;]*?from '([^']+)'/gm)
      for (const [, path = ''] of statics) {
        assert.doesNotMatch(
          path,
          /drivers\/(sqlite|postgres|mysql)|^(pg|mysql2|node:sqlite)$/,
          file,
        )
      }
    }
  })
})
