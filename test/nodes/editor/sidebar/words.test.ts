import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeAnswer, QueueAnswer } from '../../../../nodes/editor/sidebar/answers.ts'
import { Words } from '../../../../nodes/editor/sidebar/words.ts'
import type { Kind } from '../../../../src/preview.ts'
import { PROJECT } from '../../../support/node-red.ts'

/** The words of a language, with the texts of its catalogue. */
function words(language = 'en-US'): Words {
  const file = join(PROJECT, `nodes/locales/${language}/mqueue.json`)
  const catalogue = JSON.parse(readFileSync(file, 'utf8')).mqueue
  const text = (key: string, values: Record<string, unknown> = {}) => {
    const found = key.split('.').reduce((at, part) => at[part], catalogue)
    assert.equal(typeof found, 'string', key)
    return String(found).replace(/__(\w+?)__/g, (_, name) => String(values[name]))
  }
  return new Words(text, language)
}

const queue = (more: Partial<QueueAnswer> = {}): QueueAnswer => ({
  name: 'calls',
  bound: 0,
  size: 0,
  ...more,
})
const node = (engine: string, database?: string): NodeAnswer => ({
  id: 'n',
  name: '',
  engine,
  ...(database && { database }),
  queues: [],
})

describe('the words of the sidebar', () => {
  it('say where queues live', () => {
    const said = (...place: [string, string?]) => words().place(node(...place))
    assert.equal(said('memory'), 'in memory')
    assert.equal(said('memory', 'sqlite'), 'in memory, SQLite file')
    assert.equal(said('memory', 'postgres'), 'in memory, PostgreSQL')
    assert.equal(said('memory', 'mysql'), 'in memory, MariaDB or MySQL')
    assert.equal(said('redis'), 'Redis')
    assert.equal(said('constructor'), 'constructor')
    assert.equal(words('de').place(node('memory', 'sqlite')), 'im Speicher, SQLite-Datei')
    assert.equal(words('es-ES').place(node('memory')), 'en memoria')
  })

  it('write numbers as the language does', () => {
    const said = (language: string) => words(language).size(queue({ size: 12_345, bound: 20_000 }))
    assert.equal(said('en-US'), '12,345 / 20,000')
    assert.equal(said('de'), '12.345 / 20.000')
    assert.equal(words().size(queue({ size: 3 })), '3')
    assert.equal(words().size(queue({ size: null, bound: 5 })), '– / 5')
    assert.equal(words('de').rates({ added: 1.25, taken: 1234.5 }), '+1,3 −1.235 /s')
  })

  it('write a time in its largest unit', () => {
    const times = [0, 999, 59_999, 60_000, 3_600_000, 200_000_000]
    assert.deepEqual(
      times.map((ms) => words().time(ms)),
      ['0 sec', '0 sec', '59 sec', '1 min', '1 hr', '2 days'],
    )
    assert.equal(words('de').time(120_000), '2 Min.')
  })

  it('take English for a language that there is not', () => {
    for (const language of ['', 'not a language', 'x']) {
      const english = new Words((key) => key, language)
      assert.equal(english.number(1234), '1,234')
    }
  })

  it('say what keeps a queue from being used', () => {
    const problem = { code: 'MQ_UNAVAILABLE', message: 'Redis at redis://h cannot be reached.' }
    assert.equal(words().problem(queue()), undefined)
    const said = (language: string, code = problem.code) =>
      words(language).problem(queue({ problem: { ...problem, code } }))
    assert.equal(said('en-US'), `unavailable: ${problem.message}`)
    assert.equal(said('de'), `nicht erreichbar: ${problem.message}`)
    assert.match(said('de', 'MQ_STORE_LOCKED') ?? '', /^von einem anderen Prozess gesperrt: /)
    assert.match(said('es-ES', 'MQ_CLOSED') ?? '', /^cerrada: /)
    assert.equal(said('de', 'MQ_INVALID_VALUE'), problem.message)
    assert.equal(words().problem(queue({ size: null, loaded: 12_000 })), 'loading, 12,000 read')
    assert.equal(words().problem(queue({ problem, loaded: 0 })), 'loading, 0 read')
  })

  it('say what people want to know of a queue that works', () => {
    assert.deepEqual(words().remarks(queue({ paused: false })), [])
    const all = queue({ paused: true, caution: 'may evict', late: true })
    assert.deepEqual(words().remarks(all), ['paused', 'may evict', 'slow to answer'])
  })

  it('say what is in flight, how old the oldest item is, and what was dropped', () => {
    const dropped = { overflow: 5, duplicate: 0, full: 1, 'by magic': 2 }
    const details = words().details(queue({ size: 1, leased: 3, oldest: 61_000, dropped }))
    assert.deepEqual(details, [
      '3 in flight',
      'oldest 1 min',
      'dropped: overflow 5, full 1, by magic 2',
    ])
    assert.deepEqual(words().details(queue({ leased: 0, oldest: 0, dropped: {} })), [])
  })

  it('say a queue in a sentence', () => {
    const full = queue({ size: 12, bound: 100, leased: 3, oldest: 5000, paused: true })
    assert.equal(words().spoken(full), 'calls: 12 of 100, paused, 3 in flight, oldest 5 sec')
    const away = queue({ size: null, problem: { code: 'MQ_UNAVAILABLE', message: 'It is away.' } })
    assert.equal(words().spoken(away), 'calls: unavailable: It is away.')
  })

  it('say what kind of value an item has, whatever the runtime calls it', () => {
    const kinds: Record<Kind, true> = {
      ...{ text: true, number: true, boolean: true, null: true, undefined: true, list: true },
      ...{ object: true, map: true, set: true, binary: true, date: true, error: true },
      ...{ function: true, symbol: true, unreadable: true },
    }
    const said = (kind: string) => new Words((key) => key, 'en-US').kind(kind)
    for (const kind of Object.keys(kinds)) {
      assert.equal(said(kind), `sidebar.kind.${kind}`)
      for (const language of ['en-US', 'de', 'es-ES']) words(language).kind(kind)
    }
    assert.equal(words('de').kind('map'), 'Zuordnung')
    assert.equal(said('constructor'), 'constructor')
  })

  it('say what an item has been through', () => {
    const item = { id: '1', key: '', value: '', isCut: false, kind: 'text', age: 3000, attempt: 0 }
    assert.equal(words().item(item), '3 sec')
    const lost = { ...item, attempt: 2, reason: 'rejected', queue: 'calls' }
    assert.equal(words().item(lost), '3 sec, attempt 2, rejected, from calls')
  })

  it('say what was sent back, what had to go for it, and why some was not', () => {
    assert.equal(words().sentBack({ count: 3, left: 0 }), 'Items sent back: 3.')
    const some = words().sentBack({ count: 1, left: 2, reason: 'The queue is full.' })
    assert.equal(some, 'Items sent back: 1. Left here: 2. The queue is full.')
    const pushed = words().sentBack({ count: 2, left: 0, dropped: 1 })
    assert.equal(pushed, 'Items sent back: 2. Items dropped there: 1.')
  })
})
