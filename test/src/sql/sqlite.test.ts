/** What only SQLite files can be. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Dbmode, LocalEngine, type MqueueError } from '../../../src/index.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'

describe('an SQLite file', () => {
  let directory: string
  let path: string
  const engines: LocalEngine[] = []
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mqueue-sqlite-'))
    path = join(directory, 'queues.sqlite')
  })
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close()
    rmSync(directory, { recursive: true })
  })

  async function start(dbmode: Dbmode, url = `sqlite:${path}`, names = ['q']) {
    const engine = new LocalEngine({ url, directory, id: 'id' }, new Reports())
    engines.push(engine)
    await engine.define(names.map((name) => defined(name, 0, 0, dbmode)))
    return engine
  }

  async function unavailable(engine: LocalEngine, says: RegExp): Promise<void> {
    await assert.rejects(
      async () => engine.size('q'),
      (error: MqueueError) => {
        assert.equal(error.code, 'MQ_UNAVAILABLE')
        assert.match(error.message, says)
        return true
      },
    )
  }

  function make(text: string): void {
    const database = new DatabaseSync(path)
    database.exec(text)
    database.close()
  }

  it('belongs to it is made in the directory, by the id', async () => {
    const engine = await start(4, '')
    await engine.add('q', 'k', 'v')
    const database = new DatabaseSync(join(directory, 'id.sqlite'), { readOnly: true })
    assert.deepEqual(
      { ...database.prepare('select * from q').get() },
      {
        id: 1,
        key: 'k',
        val: 'v',
        val_type: null,
        attempts: 0,
        dead_letter: null,
      },
    )
    assert.equal(database.prepare('pragma journal_mode').get()?.journal_mode, 'wal')
    database.close()
  })

  it('is found by a relative path and by slashes as in Kamailio', async () => {
    for (const url of ['sqlite:queues.sqlite', `sqlite://${path}`, `sqlite:///${path}`]) {
      const engine = await start(1, url)
      await engine.add('q', 'k', 'v')
      await engine.save()
      assert.match(readFileSync(path, 'latin1'), /^SQLite format 3/)
      rmSync(path)
    }
  })

  it('that was found keeps its journal mode', async () => {
    make('create table other (a)')
    const engine = await start(4)
    await engine.add('q', 'k', 'v')
    await engine.close()
    const database = new DatabaseSync(path)
    assert.equal(database.prepare('pragma journal_mode').get()?.journal_mode, 'delete')
    database.close()
  })

  it('that is not a database is left as it is', async () => {
    writeFileSync(
      path,
      'this is not a database, though it is long enough to be taken for one\n'.repeat(99),
    )
    const before = readFileSync(path)
    for (const dbmode of [1, 4] as const) {
      await unavailable(await start(dbmode), /queues\.sqlite.*file is not a database/)
    }
    assert.deepEqual(readFileSync(path), before)
  })

  it('that is damaged loses no row', async () => {
    make(`create table q (id integer primary key, key text, val text);
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
      insert into q select i, 'key', 'a value that takes some room on its page' from n`)
    const bytes = readFileSync(path)
    bytes.fill(0xff, bytes.length - 40_000, bytes.length - 30_000)
    writeFileSync(path, bytes)
    await unavailable(await start(1), /Queue "q", table "q" in sqlite:.*malformed/)
    assert.deepEqual(readFileSync(path), bytes)
  })

  it('that is read-only is reported, and its rows stay', async function () {
    make(
      "create table q (id integer primary key, key text, val text); insert into q values (1, 'a', 'b')",
    )
    chmodSync(path, 0o400)
    if (process.getuid?.() === 0) {
      // Root may write everything; the file system may not.
      try {
        execFileSync('chattr', ['+i', path])
      } catch {
        this.skip()
      }
    }
    try {
      const engine = await start(1)
      await unavailable(engine, /readonly database|unable to open/)
    } finally {
      if (process.getuid?.() === 0) execFileSync('chattr', ['-i', path])
    }
    chmodSync(path, 0o600)
    const engine = engines[0] as LocalEngine
    await eventually(async () => assert.equal((await engine.fetch('q'))?.value, 'b'))
  })

  it('in a directory that is not there is reported', async () => {
    await unavailable(
      await start(1, 'sqlite:/nowhere/at/all.sqlite'),
      /unable to open database file/,
    )
  })

  it('with bytes that are not UTF-8 is not loaded, with U+FFFD it is', async () => {
    make(`create table q (id integer primary key, key text, val text);
      insert into q values (7, 'k', '\ufffd'), (8, 'k', cast(x'61ff62' as text))`)
    const engine = await start(1)
    await unavailable(engine, /row 8: its val is not UTF-8/)
    make('delete from q where id = 8')
    await eventually(async () => assert.equal((await engine.fetch('q'))?.value, '\ufffd'))
  })

  it('with a number where a text should be names the row', async () => {
    make(
      "create table q (id integer primary key, key blob, val blob); insert into q values (3, 'k', 5)",
    )
    await unavailable(await start(1), /row 3: its val is not a text/)
  })

  it('with a value that cannot be read names the row', async () => {
    make(`create table q (id integer primary key, key text, val text, val_type text);
      insert into q values (3, 'k', '{', 'json')`)
    await unavailable(await start(4), /row 3: its value cannot be read/)
    make("update q set val_type = 'later'")
    await unavailable(await start(1), /row 3: .*val_type "later" is not known/)
  })

  it('takes two queues that differ only in case for one, and says so', async () => {
    const engine = await start(4, undefined, ['q', 'Q'])
    await engine.add('q', 'k', 'v')
    await assert.rejects(async () => engine.add('Q', 'k', 'v'), /"Q".*"q"/)
  })

  it('that another program is writing to is waited for', async () => {
    const engine = await start(4)
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    const adding = engine.add('q', 'k', 'v')
    setTimeout(() => other.close(), 300)
    assert.equal((await adding).size, 1)
  })

  it('without SQLite in Node.js says which Node.js has it', async () => {
    const script = `
      import { LocalEngine } from ${JSON.stringify(join(import.meta.dirname, '../../../src/index.ts'))}
      const quiet = { info() {}, warn() {}, error() {} }
      const engine = new LocalEngine({ directory: ${JSON.stringify(directory)}, id: 'id' }, quiet)
      await engine.define([{ name: 'q', size: 0, addmode: 0, dbmode: 4 }])
      try { await engine.size('q') } catch ({ code, message }) { console.log(code, message) }
      await engine.close()`
    const output = execFileSync(process.execPath, [
      '--no-experimental-sqlite',
      '--input-type=module',
      '--eval',
      script,
    ])
    assert.match(String(output), /^MQ_UNAVAILABLE SQLite needs Node\.js 22\.13/)
  })

  it('in memory, or without a name, is refused', async () => {
    for (const url of ['sqlite:', 'sqlite::memory:']) {
      const engine = await start(1, url)
      await assert.rejects(async () => engine.size('q'), { code: 'MQ_INVALID_DEFINITION' })
    }
  })
})
