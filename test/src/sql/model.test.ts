/** Any sequence of operations, changed definitions, restarts, exits and crashes, against a model. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Addmode, type Dbmode, LocalEngine, type QueueDefinition } from '../../../src/index.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'

const RUNS: Record<string, number> = { SQLite: 400, PostgreSQL: 100, MariaDB: 100 }

type Pair = readonly [key: string, value: number]

/** What a queue, its table and its rescue file ought to hold. */
class Model {
  definition: QueueDefinition
  items: Pair[] = []
  /** What was saved; a journaled queue's table is its items. */
  table: Pair[] = []

  constructor(definition: QueueDefinition) {
    this.definition = definition
  }

  add([key, value]: Pair): void {
    const { size, addmode } = this.definition
    const present = this.items.findIndex(([other]) => other === key)
    if (addmode === 1 && present >= 0) return
    if (addmode === 2 && present >= 0) this.items.splice(present, 1)
    this.items.push([key, value])
    if (size > 0 && this.items.length > size) this.items.shift()
  }

  redefine(definition: QueueDefinition): void {
    this.definition = definition
    const items = this.items
    this.items = []
    for (const item of items) this.add(item)
  }

  /** The process ends, and all it does for what is in memory is said by how. */
  end(how: 'restart' | 'exit' | 'crash'): void {
    const { dbmode } = this.definition
    if (dbmode === 4) return
    const left = how === 'crash' || dbmode === 0 || dbmode === 2 ? [] : this.items
    // An exit leaves a rescue file, which is loaded before the table.
    this.table = how === 'exit' ? [...left, ...this.table] : [...this.table, ...left]
    this.items = []
    if (dbmode === 1 || dbmode === 2) {
      for (const item of this.table) this.add(item)
      this.table = []
    }
  }
}

const definition = fc.record({
  name: fc.constant('q'),
  size: fc.constantFrom(0, 0, 1, 3),
  addmode: fc.constantFrom<Addmode>(0, 1, 2),
  dbmode: fc.constantFrom<Dbmode>(0, 1, 2, 3, 4, 4),
})
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ add: fc.constantFrom('', 'a', 'b', 'c') }) },
  { weight: 4, arbitrary: fc.constant({ fetch: true }) },
  { weight: 1, arbitrary: fc.record({ define: definition }) },
  { weight: 2, arbitrary: fc.record({ end: fc.constantFrom('restart', 'exit', 'crash') }) },
)

type Step = {
  add?: string
  fetch?: boolean
  define?: QueueDefinition
  end?: string
}

onEachDatabase('any sequence of events', (database, { name }) => {
  it('leaves what the model says', async function () {
    this.timeout(180_000)
    const steps = fc.array(step, { minLength: 5, maxLength: 40 })
    const property = fc.asyncProperty(definition, steps, async (first, events) => {
      await database().wipe()
      const reports = new Reports()
      const start = async (defined: QueueDefinition) => {
        const engine = new LocalEngine(database().location, reports)
        await engine.define([defined])
        return engine
      }
      const model = new Model(first)
      let engine = await start(first)
      let value = 0
      try {
        for (const event of events as Step[]) {
          if (event.add !== undefined) {
            await engine.add('q', event.add, ++value)
            model.add([event.add, value])
          } else if (event.fetch) {
            const item = await engine.fetch('q')
            assert.deepEqual(item && [item.key, item.value], model.items.shift())
          } else if (event.define !== undefined) {
            // What a table still holds has a place that depends on its ids.
            if (event.define.dbmode === 4 && model.table.length > 0) continue
            model.redefine(event.define)
            await engine.define([event.define])
          } else {
            const { dbmode } = model.definition
            if (event.end === 'exit' && dbmode === 3) continue
            model.end(event.end as 'restart')
            if (event.end === 'restart') await engine.save()
            if (event.end === 'exit') engine.rescue()
            await engine.close()
            engine = await start(model.definition)
          }
          assert.equal(await engine.size('q'), model.items.length)
        }
        for (const expected of model.items) {
          const item = await engine.fetch('q')
          assert.deepEqual([item?.key, item?.value], expected)
        }
        assert.equal(await engine.fetch('q'), undefined)
        assert.deepEqual(
          reports.said.filter((said) => said.startsWith('error')),
          [],
        )
      } finally {
        await engine.close()
      }
    })
    await fc.assert(property, { numRuns: RUNS[name] })
  })
})
