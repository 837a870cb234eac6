/** What is queued is nobody else's business, whatever the process lets others do with its files. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

describe('a file that is made', () => {
  it('can be read by nobody else, and so can its directory', () => {
    const root = mkdtempSync(join(tmpdir(), 'mqueue-private-'))
    const directory = join(root, 'user', 'mqueue')
    const temporary = join(root, 'temporary')
    const script = `
      import { mkdirSync, readdirSync, rmSync } from 'node:fs'
      import { LocalEngine } from ${JSON.stringify(import.meta.resolve('../../../src/index.ts'))}
      process.umask(0)
      mkdirSync(${JSON.stringify(temporary)})
      const directory = ${JSON.stringify(directory)}
      const report = { info() {}, warn: console.log, error: console.log }
      const engine = new LocalEngine({ directory, id: 'id' }, report)
      const defined = (dbmode) => [{ name: 'q', size: 0, addmode: 0, dbmode }]
      await engine.define(defined(4))
      await engine.add('q', 'k', 'v')
      const other = new LocalEngine({ directory, id: 'other' }, report)
      await other.define(defined(1))
      await other.add('q', 'k', 'v')
      other.rescue()
      mkdirSync(directory + '/third.q.rescue.jsonl')
      const third = new LocalEngine({ directory, id: 'third' }, report)
      await third.define(defined(3))
      await third.add('q', 'k', 'v')
      third.rescue()
      // What is in use stays as it is.
      process.kill(process.pid, 'SIGKILL')`
    const { signal, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { env: { ...process.env, TMPDIR: temporary } },
    )
    try {
      assert.equal(signal, 'SIGKILL', String(stderr))
      const made = [
        root,
        ...readdirSync(root, { recursive: true }).map((name) => join(root, String(name))),
      ].filter((path) => path !== temporary && !path.endsWith('third.q.rescue.jsonl'))
      for (const kind of [
        /sqlite$/,
        /-wal$/,
        /-shm$/,
        /\.lock$/,
        /rescue\.jsonl$/,
        /temporary\/mqueue-.*jsonl$/,
      ]) {
        assert.ok(
          made.some((path) => kind.test(path)),
          `${kind} in ${made} ${stdout}`,
        )
      }
      for (const path of made) assert.equal(lstatSync(path).mode & 0o77, 0, path)
    } finally {
      rmSync(root, { recursive: true })
    }
  })
})
