/** An SQLite file that is taken away, or the file of its lock, while it is in use. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Dbmode, LocalEngine } from '../../../src/index.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { drained } from '../../support/drain.ts'

describe('an SQLite file in use', () => {
  let user: string
  let directory: string
  let path: string
  let reports: Reports
  const engines: LocalEngine[] = []
  const children: ChildProcess[] = []
  beforeEach(() => {
    user = mkdtempSync(join(tmpdir(), 'mqueue-vanished-'))
    directory = join(user, 'mqueue')
    path = join(directory, 'id.sqlite')
    reports = new Reports()
  })
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    for (const engine of engines.splice(0)) await engine.close()
    rmSync(user, { recursive: true })
  })

  async function start(dbmode: Dbmode = 4): Promise<LocalEngine> {
    const engine = new LocalEngine({ directory, id: 'id' }, reports)
    engines.push(engine)
    await engine.define([defined('q', 0, 0, dbmode)])
    return engine
  }
  const works = (engine: LocalEngine) => eventually(async () => void (await engine.size('q')))
  const keysOf = async (engine: LocalEngine) => (await drained(engine)).map(({ key }) => key)
  const lockFile = () => {
    const [file, ...others] = readdirSync(directory).filter((one) => one.endsWith('.lock'))
    assert.deepEqual(others, [])
    return join(directory, file as string)
  }

  const VANISHES: [how: string, vanish: () => void][] = [
    ['deleted with its directory', () => rmSync(directory, { recursive: true })],
    ['deleted', () => rmSync(path)],
    ['moved away', () => renameSync(path, `${path}.old`)],
    ['cut off', () => truncateSync(path, 0)],
    ['cut in half', () => truncateSync(path, statSync(path).size / 2)],
    [
      'replaced by a copy',
      () => {
        copyFileSync(path, `${path}.copy`)
        renameSync(`${path}.copy`, path)
      },
    ],
    [
      'replaced by an empty file',
      () => {
        writeFileSync(`${path}.new`, '')
        renameSync(`${path}.new`, path)
      },
    ],
  ]

  /** Moves what was written so far out of the log of changes, as happens from time to time. */
  function checkpoint(): void {
    const database = new DatabaseSync(path)
    database.exec('pragma wal_checkpoint(truncate)')
    database.close()
  }

  for (const [how, vanish] of VANISHES) {
    it(`that is ${how} takes nothing with it of what was acknowledged until a kill`, async function () {
      this.timeout(180_000)
      const script = `
        import { LocalEngine } from ${JSON.stringify(import.meta.resolve('../../../src/index.ts'))}
        const report = { info() {}, warn: console.error, error: console.error }
        const engine = new LocalEngine(${JSON.stringify({ directory, id: 'id' })}, report)
        await engine.define([{ name: 'q', size: 0, addmode: 0, dbmode: 4 }])
        for (let n = 0; ; n++) {
          try {
            await engine.add('q', String(n), n)
            console.log(n)
          } catch {}
          await new Promise((resolve) => setTimeout(resolve, 5))
        }`
      const args = ['--input-type=module', '--eval', script]
      const child = spawn(process.execPath, args)
      children.push(child)
      let said = ''
      let told = ''
      child.stdout.on('data', (chunk) => {
        said += chunk
      })
      child.stderr.on('data', (chunk) => {
        told += chunk
      })
      const acknowledged = () => said.split('\n').slice(0, -1)
      const more = async (count: number) => {
        const before = acknowledged().length
        await eventually(
          async () => assert.ok(acknowledged().length >= before + count, told),
          20_000,
        )
      }
      await more(10)
      checkpoint()
      // It has to have been seen at its full size.
      await more(1)
      vanish()
      // A file that is broken stays so until somebody takes it away.
      if (how.startsWith('cut')) {
        await eventually(async () => assert.match(told, /cut off|malformed/))
        rmSync(path, { force: true })
        for (const log of ['-wal', '-shm']) rmSync(path + log, { force: true })
      }
      await more(30)
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      assert.match(told, /its file was (deleted|cut off)|in the place of its file/)
      const engine = await start()
      await works(engine)
      const found = await keysOf(engine)
      const expected = acknowledged()
      // The last one may have been committed and not answered.
      assert.deepEqual(found.slice(0, expected.length), expected)
      assert.ok(found.length <= expected.length + 1)
    })
  }

  it('that is deleted while nothing happens is reported soon, and what is queued is kept', async () => {
    const engine = await start()
    for (const key of 'abc') await engine.add('q', key, key)
    assert.equal((await engine.fetch('q'))?.key, 'a')
    rmSync(directory, { recursive: true })
    await eventually(async () => assert.match(reports.said.join('\n'), /its file was deleted/))
    await works(engine)
    assert.match(reports.said.join('\n'), /Queue "q": 2 items were loaded from .*rescue\.jsonl/)
    await engine.close()
    assert.deepEqual(await keysOf(await start()), ['b', 'c'])
  })

  it('that is deleted under changes which wait keeps what was before them', async () => {
    const engine = await start()
    for (const key of 'abc') await engine.add('q', key, key)
    rmSync(path)
    const fetching = engine.fetch('q')
    const adding = engine.add('q', 'd', 'd')
    for (const late of [fetching, adding]) {
      await assert.rejects(async () => late, { code: 'MQ_UNAVAILABLE' })
    }
    await works(engine)
    assert.deepEqual(await keysOf(engine), ['a', 'b', 'c'])
  })

  it('that is replaced while nothing happens is reported soon, and what both hold is there once', async () => {
    const engine = await start()
    for (const key of 'abc') await engine.add('q', key, key)
    checkpoint()
    copyFileSync(path, `${path}.copy`)
    await engine.add('q', 'd', 'd')
    renameSync(`${path}.copy`, path)
    await eventually(async () => assert.match(reports.said.join('\n'), /in the place of its file/))
    await works(engine)
    assert.deepEqual(await keysOf(engine), ['a', 'b', 'c', 'd'])
  })

  it('that a program tidies up goes on', async () => {
    const engine = await start()
    for (let n = 0; n < 200; n++) engine.add('q', `${n}`, 'x'.repeat(10_000))
    await engine.size('q')
    for (let n = 0; n < 199; n++) engine.fetch('q')
    await engine.size('q')
    checkpoint()
    const before = statSync(path).size
    await engine.add('q', 'seen', 'at its full size')
    const database = new DatabaseSync(path, { timeout: 1_000 })
    database.exec('vacuum')
    database.close()
    checkpoint()
    assert.ok(statSync(path).size < before / 2)
    await engine.add('q', 'last', 'v')
    assert.deepEqual(await keysOf(engine), ['199', 'seen', 'last'])
    assert.deepEqual(reports.said, [])
  })

  it('keeps out other processes when the file of its lock is deleted', async function () {
    this.timeout(180_000)
    const engine = await start()
    await engine.add('q', 'a', 'a')
    const file = lockFile()
    rmSync(file)
    const script = `
      import { LocalEngine } from ${JSON.stringify(import.meta.resolve('../../../src/index.ts'))}
      const engine = new LocalEngine(${JSON.stringify({ directory: user, id: 'other', url: `sqlite:${path}` })})
      await engine.define([{ name: 'q', size: 0, addmode: 0, dbmode: 4 }])
      try { console.log(await engine.size('q')) } catch ({ code }) { console.log(code) }
      await engine.close()`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const [said] = await once(child.stdout, 'data')
    assert.equal(String(said), 'MQ_STORE_LOCKED\n')
    assert.equal(lockFile(), file)
    assert.equal((await engine.add('q', 'b', 'b')).size, 2)
    assert.deepEqual(reports.said, [])
  })

  it('is given up, and that is reported, when another has taken it after all', async () => {
    const engine = await start()
    await engine.add('q', 'a', 'a')
    const database = new DatabaseSync(path, { timeout: 1_000 })
    database.exec(`update "mqueue lock" set owner = 'thief'`)
    database.close()
    rmSync(lockFile())
    await eventually(async () =>
      assert.match(reports.said.join('\n'), /another process has taken the table "q"/),
    )
    await works(engine)
    assert.deepEqual(await keysOf(engine), ['a'])
  })
})
