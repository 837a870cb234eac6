/** Real Node-RED processes with a journaled queue under load, killed at random moments. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onEachDatabase, type Rows } from '../support/databases.ts'
import { config, TAB } from '../support/flows.ts'
import { type FlowNode, makeUserDir, NodeRed, SLOW_TO_LOAD, until } from '../support/node-red.ts'

/** The nodes that make the load. */
const LOAD = join(import.meta.dirname, '../support/load')

const ROUNDS: Record<string, number> = { SQLite: 200, PostgreSQL: 30, MariaDB: 30 }

function flows(dbUrl?: string): FlowNode[] {
  const placed = { z: 'tab', x: 1, y: 1 }
  const queue = { ...placed, mqueue: 'config', queue: 'q' }
  const work = { ...placed, mqueue: 'config', queue: 'work' }
  return [
    TAB,
    config(
      ['q', 'work'].map((name) => ({ name, dbmode: 4 })),
      { dbUrl },
    ),
    { ...placed, id: 'source', type: 'load-source', wires: [['add'], ['fetch'], ['queue']] },
    { ...queue, id: 'add', type: 'mq-add', wires: [['record']] },
    { ...queue, id: 'fetch', type: 'mq-fetch', wires: [['record'], ['record']] },
    { ...placed, id: 'catch', type: 'catch', scope: null, wires: [['record']] },
    { ...placed, id: 'record', type: 'load-record', wires: [] },
    { ...work, id: 'queue', type: 'mq-add', wires: [['queued']] },
    { ...placed, id: 'queued', type: 'load-note', word: 'queued', wires: [[]] },
    { ...work, id: 'consume', type: 'mq-consume', inFlight: 5, wires: [['begun']] },
    { ...placed, id: 'begun', type: 'load-note', word: 'begun', wires: [['work']] },
    { ...placed, id: 'work', type: 'load-work', wires: [['acking']] },
    { ...placed, id: 'acking', type: 'load-note', word: 'acking', wires: [['ack']] },
    { ...work, id: 'ack', type: 'mq-ack', wires: [['acked']] },
    { ...placed, id: 'acked', type: 'load-note', word: 'acked', wires: [[]] },
  ]
}

/** What a process asked for and was answered before it was killed. */
function recorded(path: string) {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  const numbers = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(' ')[1]))
  const times = (word: string) => lines.filter((line) => line === word).length
  return {
    asked: numbers('add'),
    added: numbers('added'),
    fetched: numbers('fetched'),
    unanswered: times('fetch') - numbers('fetched').length - times('empty'),
    failed: lines.filter((line) => line.startsWith('failed')),
    queue: numbers('queue'),
    queued: numbers('queued'),
    begun: lines
      .filter((line) => line.startsWith('begun '))
      .map((line) => line.split(' ').slice(1).map(Number) as [number, number]),
    acking: numbers('acking'),
    acked: numbers('acked'),
  }
}

/** The items that a consumer works on, over all processes so far. */
class Work {
  /** The number of the item that is queued next. */
  next = 0
  /** How many were acknowledged. */
  done = 0
  /** The items that must be in the table, and how often each was handed out. */
  readonly #open = new Map<number, number>()
  /** Those that may be in the table or not, since an answer was lost with its process. */
  readonly #doubtful = new Map<number, number>()

  /** How many there are in the table. */
  get held(): number {
    return this.#open.size
  }

  /** Takes in what a process did before it was killed, and holds it against the table. */
  check(
    { queue, queued, begun, acking, acked }: ReturnType<typeof recorded>,
    table: ReadonlyMap<number, number>,
    round: number,
  ): void {
    const what = `round ${round}: item`
    for (const n of queue) this.#doubtful.set(n, 0)
    for (const n of queued) this.#move(n, this.#open)
    for (const [n, attempt] of begun) {
      const known = this.#open.get(n) ?? this.#doubtful.get(n)
      assert.ok(known !== undefined, `${what} ${n} was worked on, and had been acknowledged`)
      assert.ok(attempt > known, `${what} ${n} is handed out as attempt ${attempt} again`)
      const list = this.#open.has(n) ? this.#open : this.#doubtful
      list.set(n, attempt)
    }
    for (const n of acking) this.#move(n, this.#doubtful)
    for (const n of acked) this.#doubtful.delete(n)
    this.done += acked.length
    for (const [n, attempts] of this.#open) {
      const stored = table.get(n)
      assert.ok(stored !== undefined, `${what} ${n} is lost`)
      // The last attempt may have been stored and not begun.
      const isCounted = stored === attempts || stored === attempts + 1
      assert.ok(isCounted, `${what} ${n}: ${attempts} attempts, ${stored} in its row`)
    }
    for (const [n, attempts] of table) {
      assert.ok(this.#open.has(n) || this.#doubtful.has(n), `${what} ${n} is back`)
      this.#doubtful.delete(n)
      this.#open.set(n, attempts)
    }
    this.#doubtful.clear()
    this.next += queue.length
  }

  #move(n: number, list: Map<number, number>): void {
    const attempts = this.#open.get(n) ?? this.#doubtful.get(n) ?? 0
    this.#open.delete(n)
    this.#doubtful.delete(n)
    list.set(n, attempts)
  }
}

onEachDatabase('a journaled queue', (database, { name }) => {
  it(`loses nothing and returns nothing twice in ${ROUNDS[name]} kills`, async function () {
    this.timeout(1_800_000)
    const userDir = makeUserDir()
    const record = join(userDir, 'record')
    /** The number of the item that comes next out of the queue, and of the one that is added next. */
    let first = 0
    let next = 0
    let answers = 0
    const work = new Work()

    async function workInTable(): Promise<Map<number, number>> {
      const rows: Rows = await database()
        .query('select val, attempts from "work"')
        .catch((error) => {
          if (work.done === 0) return []
          throw error
        })
      return new Map(rows.map(({ val, attempts }) => [JSON.parse(String(val)).n, Number(attempts)]))
    }

    async function numbersInTable(isMade: boolean): Promise<number[]> {
      const rows: Rows = await database()
        .query('select val from "q" order by id')
        .catch((error) => {
          // Every process so far was killed before it had made the table.
          if (!isMade) return []
          throw error
        })
      return rows.map(({ val }) => JSON.parse(String(val)).n)
    }

    /** A server notices only after its last commit that the process is gone. */
    async function lastCommitIsOver(): Promise<void> {
      const others = {
        PostgreSQL:
          'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        MariaDB:
          'select id from information_schema.processlist where db = database() and id <> connection_id()',
      }[name]
      if (others === undefined) return
      while ((await database().query(others)).length > 0) await sleep(5)
    }

    for (let round = 0; round < (ROUNDS[name] ?? 0); round++) {
      rmSync(record, { force: true })
      const red = await NodeRed.launch({
        userDir,
        flows: flows(database().location.url),
        settings: { nodesDir: LOAD, disableEditor: true, nodesExcludes: SLOW_TO_LOAD },
        env: {
          LOAD_RECORD: record,
          LOAD_FROM: String(next),
          LOAD_HELD: String(next - first),
          WORK_FROM: String(work.next),
          WORK_HELD: String(work.held),
        },
      })
      // Most are killed at work, some while they open their queue.
      if (round % 10 === 9) await red.logged(/Starting flows/)
      else {
        const awaited = round % 2 === 0 ? 'added' : 'acked'
        await until(() => recorded(record)[awaited].length > 0, `an answer in round ${round}`)
      }
      await sleep(Math.random() * 120)
      await red.stop({ signal: 'SIGKILL', keep: true })
      await lastCommitIsOver()

      const seen = recorded(record)
      const { asked, added, fetched, unanswered, failed } = seen
      assert.deepEqual(failed, [], `round ${round}`)
      work.check(seen, await workInTable(), round)
      const expected = fetched.map((_, i) => first + i)
      assert.deepEqual(fetched, expected, `round ${round}: fetched in order, none of them twice`)
      const left = await numbersInTable(answers + added.length > 0)
      const from = left[0] ?? next + asked.length
      assert.deepEqual(
        left,
        left.map((_, i) => from + i),
        `round ${round}: the items are there in order`,
      )
      const to = from + left.length
      const gone = first + fetched.length
      const lastAdded = added.at(-1) ?? next - 1
      assert.ok(lastAdded < to || left.length === 0, `round ${round}: ${lastAdded} was added`)
      assert.ok(from >= gone, `round ${round}: ${from} is back, ${gone - 1} had been fetched`)
      // A fetch that was not answered may have been committed.
      const most = gone + unanswered
      assert.ok(
        left.length === 0 || from <= most,
        `round ${round}: ${gone} to ${from - 1} are lost`,
      )
      if (left.length === 0) assert.ok(lastAdded < most, `round ${round}: ${lastAdded} is lost`)
      first = left.length === 0 ? next + asked.length : from
      next = left.length === 0 ? next + asked.length : to
      answers += added.length + fetched.length
    }
    rmSync(userDir, { recursive: true })
    assert.ok(answers > 10 * (ROUNDS[name] ?? 0), `only ${answers} answers`)
    assert.ok(work.done > 0.4 * (ROUNDS[name] ?? 0), `only ${work.done} items were worked on`)
  })
})
