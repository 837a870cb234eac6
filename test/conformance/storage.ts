/** What a store must do on every database. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { type Addmode, type Dbmode, LocalEngine, MqueueError } from '../../src/index.ts'
import { type DatabaseKind, Reports, type TestDatabase } from '../support/databases.ts'
import { drained } from '../support/drain.ts'
import { closedAfterEach } from '../support/engines.ts'
import { defined, eventually } from './engine.ts'

const LONG = `${'long '.repeat(30_000)}end`

/** Texts that are hard on databases. */
export const TEXTS = [
  'plain',
  '',
  ' ',
  'quote\'s "x" `y` \\ % _ ; -- /* */ $1 ? :a',
  'é ü 漢字 😀 e\u0301',
  'line\nbreak\r\ttab',
  'null',
  '{"a":1}',
  'NUL\0in it',
  'half \ud83d of a pair',
  '\ufffd',
  LONG,
]

/** Values that are not texts. */
export const VALUES = [
  1,
  -0.5,
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  123456789012345678901234567890n,
  true,
  false,
  [],
  {},
  [1, [2, { a: null }]],
  { a: { b: 'c', '\0': '\ud83d' }, list: [undefined], none: undefined },
  new Date(86_400_000),
  Buffer.from([0, 255, 128]),
  new Float64Array([1.5, -0]),
  new Map([['a', new Set([1n])]]),
  /a+/gi,
  new Error('kept'),
]

export function conformsAsStore(database: () => TestDatabase, kind: DatabaseKind): void {
  let reports: Reports
  const engines = closedAfterEach<LocalEngine>()
  const rows = (table: string) =>
    database().query(`select id, "key", val from "${table}" order by id`)

  beforeEach(() => {
    reports = new Reports()
  })

  async function start(dbmode: Dbmode, size = 0, addmode: Addmode = 0): Promise<LocalEngine> {
    const engine = new LocalEngine(database().location, reports)
    engines.push(engine)
    await engine.define([defined('q', size, addmode, dbmode)])
    return engine
  }

  async function addAll(engine: LocalEngine, items: string): Promise<void> {
    const adds = items.split(' ').map((item) => engine.add('q', item.slice(0, 1), item.slice(1)))
    await Promise.all(adds)
  }

  const taken = async (engine: LocalEngine) =>
    (await drained(engine)).map(({ key, value }) => `${key}${value}`).join(' ')

  const inTable = async () => (await rows('q')).map(({ key, val }) => `${key}${val}`).join(' ')

  async function makeTable(items: string, columns = '"key" varchar(64), val varchar(4096)') {
    const id = {
      SQLite: 'id integer primary key',
      PostgreSQL: 'id serial primary key',
      MariaDB: 'id int unsigned not null auto_increment primary key',
    }[kind.name]
    await database().query(`create table "q" (${id}, ${columns})`)
    for (const item of items.split(' ').filter(Boolean)) {
      const [key, val] = [item.slice(0, 1), item.slice(1)].map((text) =>
        text === 'NULL' ? 'null' : `'${text}'`,
      )
      await database().query(`insert into "q" ("key", val) values (${key}, ${val})`)
    }
  }

  const rescueFiles = () =>
    readdirSync(database().location.directory).filter((name) => name.endsWith('.rescue.jsonl'))

  async function unavailable(engine: LocalEngine): Promise<string> {
    let message = ''
    await assert.rejects(
      async () => engine.add('q', 'k', 'v'),
      (error) => {
        assert.ok(error instanceof MqueueError)
        assert.equal(error.code, 'MQ_UNAVAILABLE')
        message = error.message
        return true
      },
    )
    return message
  }

  describe('dbmode 1', () => {
    it('empties the table when it loads, and appends oldest first when it saves', async () => {
      await makeTable('a1 b2')
      const engine = await start(1)
      assert.equal(await inTable(), '')
      await addAll(engine, 'c3 d4')
      assert.equal(await inTable(), '')
      await engine.save()
      assert.equal(await inTable(), 'a1 b2 c3 d4')
      assert.equal(await taken(await start(1)), 'a1 b2 c3 d4')
    })

    it('makes the table that is missing', async () => {
      const engine = await start(1)
      assert.deepEqual(await rows('q'), [])
      await addAll(engine, 'a1')
      await engine.save()
      assert.equal(await inTable(), 'a1')
    })

    it('refuses work once it is saved, and loads again when it is defined again', async () => {
      const engine = await start(1)
      await addAll(engine, 'a1')
      await engine.save()
      await assert.rejects(async () => engine.fetch('q'), { code: 'MQ_CLOSED' })
      await engine.define([defined('q', 0, 0, 1)])
      assert.equal(await taken(engine), 'a1')
    })

    it('lets in what size and addmode let in, in the order of the ids', async () => {
      for (const [size, addmode, left] of [
        [3, 0, 'b2 a3 c4'],
        [0, 1, 'a1 b2 c4'],
        [0, 2, 'b2 a3 c4'],
      ] as const) {
        await database().wipe()
        await makeTable('a1 b2 a3 c4')
        const engine = await start(1, size, addmode)
        assert.equal(await taken(engine), left)
        assert.match(
          reports.said.join(),
          /Queue "q": items dropped because of its size or addmode: 1/,
        )
      }
    })

    it('refuses a value that nothing can keep', async () => {
      const engine = await start(1)
      await assert.rejects(async () => engine.add('q', 'k', { f() {} }), {
        code: 'MQ_INVALID_VALUE',
      })
      assert.equal(engine.size('q'), 0)
    })
  })

  describe('dbmode 2', () => {
    it('empties the table when it loads, and saves nothing', async () => {
      await makeTable('a1 b2')
      const engine = await start(2)
      assert.equal((await engine.fetch('q'))?.key, 'a')
      await engine.save()
      assert.equal(await inTable(), '')
    })
  })

  describe('dbmode 3', () => {
    it('loads nothing, and appends to what is there when it saves', async () => {
      await makeTable('a1')
      for (const [item, left] of [
        ['b2', 'a1 b2'],
        ['c3', 'a1 b2 c3'],
      ] as const) {
        const engine = await start(3)
        assert.equal(await engine.size('q'), 0)
        await addAll(engine, item)
        await engine.save()
        assert.equal(await inTable(), left)
      }
    })
  })

  describe('dbmode 0', () => {
    it('touches no table', async () => {
      await makeTable('a1')
      const engine = await start(0)
      await addAll(engine, 'b2')
      await engine.save()
      assert.equal(await inTable(), 'a1')
    })
  })

  describe('dbmode 4', () => {
    it('has every change in the table before it answers', async () => {
      const engine = await start(4)
      await engine.add('q', 'a', '1')
      assert.equal(await inTable(), 'a1')
      await addAll(engine, 'b2 c3')
      assert.equal(await inTable(), 'a1 b2 c3')
      assert.equal((await engine.fetch('q'))?.value, '1')
      assert.equal(await inTable(), 'b2 c3')
      engine.add('q', 'd', '4')
      engine.fetch('q')
      await engine.add('q', 'e', '5')
      assert.equal(await inTable(), 'c3 d4 e5')
    })

    it('takes out of the table what does not stay', async () => {
      const bounded = await start(4, 2)
      await addAll(bounded, 'a1 b2 c3')
      await addAll(bounded, 'd4')
      assert.equal(await inTable(), 'c3 d4')
      await bounded.define([defined('q', 1, 0, 4)])
      await bounded.size('q')
      assert.equal(await inTable(), 'd4')
      await bounded.define([defined('q', 0, 2, 4)])
      await addAll(bounded, 'a1 d5')
      assert.equal(await inTable(), 'a1 d5')
      await bounded.define([defined('q', 0, 1, 4)])
      await addAll(bounded, 'a2')
      assert.equal(await inTable(), 'a1 d5')
    })

    it('goes on where it was, without a save', async () => {
      const engine = await start(4)
      await addAll(engine, 'a1 b2')
      await engine.fetch('q')
      await engine.close()
      const next = await start(4)
      await addAll(next, 'c3')
      assert.equal(await taken(next), 'b2 c3')
      assert.equal(await inTable(), '')
    })

    it('keeps out whoever else opens the table, until it is let go', async () => {
      const engine = await start(4)
      await addAll(engine, 'a1')
      for (const dbmode of [4, 1, 2] as const) {
        const other = await start(dbmode)
        await assert.rejects(async () => other.size('q'), { code: 'MQ_STORE_LOCKED' })
        await assert.rejects(async () => other.add('q', 'k', 'v'), /another process/)
        await other.close()
      }
      const waiting = await start(4)
      await engine.close()
      await eventually(async () => assert.equal(await taken(waiting), 'a1'))
    })

    it('refuses what nothing can keep, and nothing else with it', async () => {
      const engine = await start(4)
      const good = engine.add('q', 'a', '1')
      await assert.rejects(async () => engine.add('q', 'k', () => 1), { code: 'MQ_INVALID_VALUE' })
      await assert.rejects(async () => engine.add('q', 'k', { at: Symbol('s') }), {
        code: 'MQ_INVALID_VALUE',
      })
      await good
      assert.equal(await inTable(), 'a1')
    })

    it('leaves a whole message as it is, except what ends with the process', async () => {
      const engine = await start(4)
      const message = { _msgid: '1', payload: 'p', req: { socket() {} }, res: { send() {} } }
      await engine.add('q', 'k', message)
      await engine.close()
      assert.deepEqual((await (await start(4)).fetch('q'))?.value, { _msgid: '1', payload: 'p' })
    })
  })

  for (const dbmode of [1, 4] as const) {
    it(`keeps every text as key and value, and the type of every value (dbmode ${dbmode})`, async () => {
      const engine = await start(dbmode)
      await Promise.all(TEXTS.map((text) => engine.add('q', text, text)))
      await Promise.all(VALUES.map((value) => engine.add('q', 'value', value)))
      await engine.save()
      const next = await start(dbmode)
      for (const text of TEXTS) {
        const item = await next.fetch('q')
        assert.deepEqual([item?.key, item?.value], [text, text])
      }
      for (const value of VALUES) assert.deepStrictEqual((await next.fetch('q'))?.value, value)
      assert.equal(await next.size('q'), 0)
    })
  }

  describe('a table without the column val_type', () => {
    for (const dbmode of [1, 4] as const) {
      it(`gets values that are not texts as JSON, with one warning (dbmode ${dbmode})`, async () => {
        await makeTable('a1', '"key" text not null, val text not null')
        const engine = await start(dbmode)
        const values = [{ b: [1n, true] }, 2, 'text']
        for (const value of values) await engine.add('q', 'k', value)
        await engine.save()
        assert.equal(await inTable(), 'a1 k{"b":["1",true]} k2 ktext')
        assert.equal(reports.said.filter((said) => /no column val_type/.test(said)).length, 1)
        const next = await start(dbmode)
        assert.equal(await taken(next), 'a1 k{"b":["1",true]} k2 ktext')
      })
    }
  })

  describe('a queue named like something else', () => {
    for (const name of ['select', 'a-b.c', '1', '__proto__', 'x'.repeat(63)]) {
      it(name.slice(0, 20), async () => {
        for (const dbmode of [1, 4] as const) {
          const engine = new LocalEngine(database().location, reports)
          engines.push(engine)
          await engine.define([defined(name, 0, 0, dbmode)])
          await engine.add(name, 'k', dbmode)
          await engine.save()
          await engine.define([defined(name, 0, 0, dbmode)])
          assert.equal((await engine.fetch(name))?.value, dbmode)
          await engine.save()
          assert.equal((await rows(name)).length, 0)
        }
      })
    }
  })

  describe('bad data', () => {
    const bads: [what: string, make: () => Promise<unknown>, says: RegExp, table?: boolean][] = [
      [
        'a NULL key',
        () => makeTable('a1 b2').then(() => nullAt('"key"')),
        /row 2: its key is NULL/,
      ],
      [
        'a NULL value',
        () => makeTable('a1 b2').then(() => nullAt('val')),
        /row 2: its val is NULL/,
      ],
      ['no column val', () => makeTable('', '"key" varchar(9)'), /no column "val"/],
      [
        'no column id',
        () => database().query('create table "q" ("key" text, val text)'),
        /no column "id"/,
      ],
      [
        'a number column',
        () => makeTable('', '"key" varchar(9), val integer'),
        /"val" has the type int/i,
      ],
      ['a view', makeView, /it is a view/],
    ]

    const nullAt = (column: string) =>
      database().query(`update "q" set ${column} = null where id = 2`)

    async function makeView(): Promise<void> {
      await makeTable('a1')
      await database().query('alter table "q" rename to "base"')
      await database().query('create view "q" as select * from "base"')
    }

    for (const [what, make, says] of bads) {
      for (const dbmode of [1, 4] as const) {
        it(`${what} is reported with queue and table, and stays as it was (dbmode ${dbmode})`, async () => {
          await make()
          const before = await database().query('select * from "q"')
          const engine = await start(dbmode)
          const message = await unavailable(engine)
          assert.match(message, /Queue "q", table "q" in /)
          assert.match(message, says)
          assert.deepEqual(await database().query('select * from "q"'), before)
          await engine.save()
          assert.deepEqual(await database().query('select * from "q"'), before)
        })
      }
    }

    it('is loaded once it is corrected', async () => {
      await makeTable('a1 b2')
      await nullAt('val')
      const engine = await start(1)
      await unavailable(engine)
      await database().query(`update "q" set val = '2' where id = 2`)
      await eventually(async () => assert.equal(await engine.size('q'), 2))
      assert.equal(await taken(engine), 'a1 b2')
      assert.match(reports.said.join('\n'), /Queue "q" works again/)
      assert.equal(reports.said.filter((said) => said.startsWith('error')).length, 1)
    })
  })

  if (kind.name !== 'SQLite') {
    describe('a value that is too long for its column', () => {
      it('is refused by a journaled queue', async () => {
        await makeTable('', '"key" varchar(3) not null, val varchar(5) not null')
        const engine = await start(4)
        await assert.rejects(
          async () => engine.add('q', 'k', '123456'),
          (error: MqueueError) => {
            assert.equal(error.code, 'MQ_INVALID_VALUE')
            assert.match(
              error.message,
              /column "val" \(.*5\).* of table "q".* at most 5 characters/,
            )
            return true
          },
        )
        await assert.rejects(async () => engine.add('q', 'keys', '1'), { code: 'MQ_INVALID_KEY' })
        await engine.add('q', '😀😀😀', '😀😀😀😀😀')
        assert.equal((await rows('q')).length, 1)
      })

      it('stays in a rescue file, which is loaded first, and keeps no other from the table', async () => {
        await makeTable('', '"key" varchar(64) not null, val varchar(5) not null')
        const engine = await start(3)
        await addAll(engine, 'a1 b234567 c3')
        await engine.save()
        assert.equal(await inTable(), 'a1 c3')
        assert.equal(rescueFiles().length, 1)
        const told =
          /not take: 1 \(key "b": .* at most 5 characters\). They are kept in .*rescue\.jsonl/
        assert.match(reports.said.join('\n'), told)
        await database().query(`insert into "q" ("key", val) values ('d', '4')`)
        const next = await start(1)
        assert.equal(await taken(next), 'b234567 a1 c3 d4')
        assert.deepEqual(rescueFiles(), [])
        assert.match(reports.said.join('\n'), /1 items were loaded from .*rescue\.jsonl/)
      })
    })
  }

  describe('a rescue file', () => {
    it('is loaded first, and is gone once it is loaded', async () => {
      for (const dbmode of [1, 2, 4] as const) {
        await database().wipe()
        const engine = await start(1)
        await addAll(engine, 'a1 b2')
        engine.rescue()
        assert.equal(rescueFiles().length, 1)
        await engine.close()
        await database().query(`insert into "q" (id, "key", val) values (10, 'c', '3')`)
        const next = await start(dbmode)
        assert.equal(await taken(next), 'a1 b2 c3')
        assert.deepEqual(rescueFiles(), [])
        await next.close()
      }
    })

    it('goes into the table of a queue that is only saved', async () => {
      const engine = await start(3)
      await addAll(engine, 'a1 b2')
      engine.rescue()
      const next = await start(3)
      await addAll(next, 'c3')
      await eventually(async () => assert.equal(await inTable(), 'a1 b2'))
      await next.save()
      assert.equal(await inTable(), 'a1 b2 c3')
      assert.deepEqual(rescueFiles(), [])
    })

    it('is written for nothing that is saved or journaled', async () => {
      for (const dbmode of [1, 3, 4] as const) {
        const engine = await start(dbmode)
        await addAll(engine, 'a1')
        await engine.save()
        engine.rescue()
        assert.deepEqual(rescueFiles(), [])
      }
    })
  })

  describe('a changed dbmode', () => {
    const modes: [from: Dbmode, to: Dbmode, before: string, after: string, saved: string][] = [
      [0, 4, '', 'a1 b2', 'a1 b2'],
      [1, 4, '', 'a1 b2', 'a1 b2'],
      [4, 0, 'a1 b2', '', ''],
      [4, 1, 'a1 b2', '', 'a1 b2'],
      [0, 1, '', '', 'a1 b2'],
      [1, 0, '', '', ''],
      [3, 4, '', 'a1 b2', 'a1 b2'],
    ]
    for (const [from, to, before, after, saved] of modes) {
      it(`from ${from} to ${to} keeps what is in the queue`, async () => {
        await makeTable('', '"key" text not null, val text not null, val_type text')
        const engine = await start(from)
        await addAll(engine, 'a1 b2')
        assert.equal(await inTable(), before)
        await engine.define([defined('q', 0, 0, to)])
        assert.equal(await engine.size('q'), 2)
        await eventually(async () => assert.equal(await inTable(), after))
        await engine.save()
        assert.equal(await inTable(), saved)
        if (saved === '') return
        assert.equal(await taken(await start(to)), 'a1 b2')
      })
    }

    it('of a queue with things in its table puts them before what it has', async () => {
      await makeTable('a1 b2', '"key" text not null, val text not null, val_type text')
      await database().query('update "q" set id = id + 100')
      const engine = await start(0)
      await addAll(engine, 'c3')
      await engine.define([defined('q', 0, 0, 4)])
      assert.equal(await taken(engine), 'c3 a1 b2')
    })
  })

  describe('a deleted queue', () => {
    it('leaves its rows alone, and releases its table', async () => {
      const engine = await start(4)
      await addAll(engine, 'a1')
      await engine.define([])
      assert.equal(await inTable(), 'a1')
      const other = await start(4)
      await eventually(async () => assert.equal(await taken(other), 'a1'))
    })
  })

  it('leaves no file behind but its own', async () => {
    const engine = await start(1)
    await addAll(engine, 'a1')
    await engine.save()
    const { directory } = database().location
    const strange = readdirSync(directory).filter((name) => !name.startsWith('queues.sqlite'))
    assert.deepEqual(strange, [])
    assert.ok(existsSync(directory))
  })
}
