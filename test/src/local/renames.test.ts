/** Renamed queues keep their items, whatever their storage, and whatever the names were of. */
import assert from 'node:assert/strict'
import { LocalEngine, parseDefinitions, type QueueDefinitionInput } from '../../../src/index.ts'
import { Database } from '../../../src/sql/database.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'
import { closedAfterEach } from '../../support/engines.ts'

/** The names that the rows 1, 2 and 3 have one after the other; blank where a row is not there. */
const CASES: Record<string, readonly (readonly [one: string, two: string, three: string])[]> = {
  'to a new name': [
    ['a', 'b', 'c'],
    ['x', 'b', 'c'],
  ],
  'and back': [
    ['a', 'b', 'c'],
    ['x', 'b', 'c'],
    ['a', 'b', 'c'],
  ],
  'with swapped names': [
    ['a', 'b', 'c'],
    ['b', 'a', 'c'],
  ],
  'with swapped names, and back': [
    ['a', 'b', 'c'],
    ['b', 'a', 'c'],
    ['a', 'b', 'c'],
  ],
  'in a chain': [
    ['a', 'b', 'c'],
    ['b', 'c', 'd'],
  ],
  'in a chain the other way round': [
    ['b', 'c', 'd'],
    ['a', 'b', 'c'],
  ],
  'in a circle': [
    ['a', 'b', 'c'],
    ['b', 'c', 'a'],
    ['c', 'a', 'b'],
  ],
  'to the name of one that is deleted': [
    ['a', 'b', ''],
    ['', 'a', ''],
  ],
}

onEachDatabase('renamed queues', (database) => {
  const engines = closedAfterEach<LocalEngine>()
  let reports: Reports

  beforeEach(() => {
    reports = new Reports()
  })

  function make(): LocalEngine {
    const engine = new LocalEngine(database().location, reports)
    engines.push(engine)
    return engine
  }

  /** Rows of these names with these dbmodes. A blank name is that of no row. */
  function rows(names: readonly string[], dbmodes: readonly number[]) {
    const inputs: QueueDefinitionInput[] = names.flatMap((name, row) =>
      name === '' ? [] : [{ id: `${row}`, name, dbmode: dbmodes[row] }],
    )
    const { definitions, errors } = parseDefinitions(inputs)
    assert.deepEqual(errors, [])
    return definitions
  }

  /** The keys that each queue holds. */
  async function held(engine: LocalEngine): Promise<Record<string, string>> {
    const found: Record<string, string> = {}
    for (const name of engine.names()) {
      const items = await engine.peek(name, 99)
      found[name] = items.map(({ key }) => key).join(' ')
    }
    return found
  }

  /** What the rows must hold: two items each, whose keys say of which row they are. */
  function expected(names: readonly string[], more: Record<string, string> = {}) {
    const all = names.flatMap((name, row) => {
      const inherited = more[name] === undefined ? '' : `${more[name]} `
      return name === '' ? [] : [[name, `${inherited}${row}-1 ${row}-2`]]
    })
    return Object.fromEntries(all)
  }

  async function fill(engine: LocalEngine, names: readonly string[]): Promise<void> {
    for (const [row, name] of names.entries()) {
      for (const nth of [1, 2]) if (name !== '') await engine.add(name, `${row}-${nth}`, nth)
    }
  }

  const MODES = [
    [0, 0, 0],
    [1, 1, 1],
    [4, 4, 4],
    [0, 1, 4],
  ]

  for (const [what, [first = ['a', 'b', 'c'], ...later]] of Object.entries(CASES)) {
    for (const dbmodes of MODES) {
      it(`keep their items ${what}, dbmodes ${dbmodes}`, async () => {
        const engine = make()
        await engine.define(rows(first, dbmodes))
        await fill(engine, first)
        let last: readonly string[] = first
        for (const names of later) {
          await engine.define(rows(names, dbmodes))
          last = names
        }
        // What a journal has of a deleted queue stays in its table, for the next queue of its name.
        const isInherited = what.includes('deleted') && dbmodes[0] === 4
        const then = expected(last, isInherited ? { a: '0-1 0-2' } : {})
        const sorted = (all: Record<string, string>) =>
          isInherited
            ? Object.fromEntries(
                Object.entries(all).map(([name, keys]) => [name, keys.split(' ').sort().join(' ')]),
              )
            : all
        assert.deepEqual(sorted(await held(engine)), then)
        await engine.save()
        await engine.close()
        const next = make()
        await next.define(rows(last, dbmodes))
        const kept = Object.fromEntries(
          Object.entries(then).map(([name, keys]) => {
            const row = last.indexOf(name)
            return [name, dbmodes[row] === 0 ? '' : keys]
          }),
        )
        assert.deepEqual(sorted(await held(next)), kept)
      })
    }
  }

  for (const from of [0, 1, 2, 3, 4]) {
    for (const to of [0, 1, 2, 3, 4]) {
      it(`keep their items when the dbmode becomes ${to} instead of ${from} as well`, async () => {
        const engine = make()
        const names = ['a', 'b', '']
        await engine.define(rows(names, [from, from, 0]))
        await fill(engine, names)
        await engine.define(rows(['b', 'a', ''], [to, to, 0]))
        const then = expected(['b', 'a', ''])
        assert.deepEqual(await held(engine), then)
        await engine.save()
        await engine.close()
        const next = make()
        // Whatever was saved is loaded.
        const reading = to === 0 || to === 2 ? to : to === 3 ? 1 : to
        await next.define(rows(['b', 'a', ''], [reading, reading, 0]))
        assert.deepEqual(await held(next), to === 0 || to === 2 ? { a: '', b: '' } : then)
      })
    }
  }

  for (const dbmode of [1, 3, 4]) {
    it(`find what their new table has, and lose nothing of it (dbmode ${dbmode})`, async () => {
      const before = make()
      await before.define(rows(['x', '', ''], [dbmode, 0, 0]))
      for (const key of ['there-1', 'there-2']) await before.add('x', key, 1)
      await before.save()
      await before.close()
      const engine = make()
      await engine.define(rows(['', 'a', ''], [0, dbmode, 0]))
      await fill(engine, ['', 'a', ''])
      await engine.define(rows(['', 'x', ''], [0, dbmode, 0]))
      await engine.save()
      await engine.close()
      const next = make()
      await next.define(rows(['', 'x', ''], [0, dbmode === 3 ? 1 : dbmode, 0]))
      const keys = (await held(next)).x?.split(' ').sort().join(' ')
      assert.equal(keys, '1-1 1-2 there-1 there-2')
    })
  }

  const { claim } = Database.prototype
  afterEach(() => {
    Database.prototype.claim = claim
  })

  /** Waits until the queues hold this: a database that was away is tried again after a while. */
  async function holds(engine: LocalEngine, expected: Record<string, string>): Promise<void> {
    const deadline = Date.now() + 30_000
    for (;;) {
      try {
        assert.deepEqual(await held(engine), expected)
        return
      } catch (error) {
        if (Date.now() > deadline) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  it('do not wait for what another process has', async () => {
    const owner = make()
    await owner.define(rows(['a', '', ''], [4, 0, 0]))
    const other = new LocalEngine({ ...database().location, id: 'other' }, reports)
    engines.push(other)
    await other.define(rows(['a', '', ''], [4, 0, 0]))
    await assert.rejects(async () => other.size('a'), { code: 'MQ_STORE_LOCKED' })
    await other.define(rows(['x', '', ''], [4, 0, 0]))
    await holds(other, { x: '' })
  })

  for (const dbmode of [1, 4]) {
    const dbmodes = [dbmode, dbmode, dbmode]
    for (const [what, names] of [
      ['to new names', ['x', 'y', 'c']],
      ['with swapped names', ['b', 'a', 'c']],
      ['in a chain', ['b', 'c', 'd']],
    ] as const) {
      /** An engine whose queues are renamed while their database is away. */
      async function renamedAway(): Promise<LocalEngine> {
        const before = make()
        await before.define(rows(['a', 'b', 'c'], dbmodes))
        await fill(before, ['a', 'b', 'c'])
        await before.save()
        await before.close()
        const engine = make()
        Database.prototype.claim = async () => {
          throw new Error('away for the test')
        }
        await engine.define(rows(['a', 'b', 'c'], dbmodes))
        await engine.define(rows(names, dbmodes))
        await assert.rejects(async () => engine.size(names[0]), { code: 'MQ_UNAVAILABLE' })
        return engine
      }

      it(`keep their items ${what} while the database is away (dbmode ${dbmode})`, async () => {
        const engine = await renamedAway()
        Database.prototype.claim = claim
        await holds(engine, expected(names))
        await engine.save()
        await engine.close()
        const next = make()
        await next.define(rows(names, dbmodes))
        assert.deepEqual(await held(next), expected(names))
      })

      it(`say that they do not ${what} when it is away until the stop (dbmode ${dbmode})`, async () => {
        const engine = await renamedAway()
        await engine.save()
        const said = `warn: Queue "${names[0]}": what is stored of it as "a" stays there.`
        assert.ok(
          reports.said.some((text) => text.startsWith(said)),
          reports.said.join('\n'),
        )
        await engine.close()
        Database.prototype.claim = claim
        const next = make()
        await next.define(rows(['a', 'b', 'c'], dbmodes))
        assert.deepEqual(await held(next), expected(['a', 'b', 'c']))
      })
    }
  }
})
