import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RescuedItem, RescueFile } from '../../../src/sql/rescue-file.ts'

const item = (key: string, id?: number) => ({ ...(id && { id }), key, val: key, val_type: null })

describe('a rescue file', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mqueue-rescue-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))
  const open = (queue = 'q', store = 'here') => new RescueFile(directory, 'id', queue, store)

  function held(file = open()): { items: RescuedItem[]; removed: number[] } {
    const items: RescuedItem[] = []
    const removed: number[] = []
    for (const entry of file.entries()) {
      if (entry.item === undefined) removed.push(...entry.removed)
      else items.push(entry.item)
    }
    return { items, removed }
  }

  it('that is not there holds nothing', () => {
    assert.equal(open().exists, false)
    assert.deepEqual(held(), { items: [], removed: [] })
  })

  it('returns what was added to it, in order', async () => {
    open().appendNow([item('a'), item('b', 7)])
    await open().append([item('c')], [1, 2])
    const { items, removed } = held()
    assert.deepEqual(
      items.map(({ key, id }) => [key, id]),
      [
        ['a', undefined],
        ['b', 7],
        ['c', undefined],
      ],
    )
    assert.deepEqual(removed, [1, 2])
  })

  it('holds many items, and removed ids without number', () => {
    const many = Array.from({ length: 200_000 }, (_, i) => item(`${i}`, i + 1))
    open().appendNow(
      many,
      many.map(({ id }) => id ?? 0),
    )
    let last: number | undefined
    let count = 0
    for (const { item, removed } of open().entries()) {
      if (item !== undefined) count++
      else last = removed.at(-1)
    }
    assert.equal(count, 200_000)
    assert.equal(last, 200_000)
  })

  it('holds texts of any length and any characters, wherever a part ends', async () => {
    const texts = ['', 'é😀\n"', 'x'.repeat(2_500_000), '漢'.repeat(700_000), 'end']
    await open().append(texts.map((text) => item(text)))
    assert.deepEqual(
      held().items.map(({ key }) => key),
      texts,
    )
  })

  it('is written in parts, between which other things go on', async () => {
    const many = Array.from({ length: 300_000 }, (_, i) => item(`${i}`))
    let turns = 0
    const count = () => {
      turns++
      next = setImmediate(count)
    }
    let next = setImmediate(count)
    await open().append(many)
    clearImmediate(next)
    assert.ok(turns >= 10, `${turns} turns`)
  })

  it('can be written again from itself', async () => {
    open().appendNow([item('a'), item('b', 7)], [3])
    const file = open()
    function* numbered() {
      for (const { item, removed } of file.entries()) {
        if (item !== undefined) yield { item: { ...item, id: 9 } }
        else yield { removed }
      }
    }
    await file.write(numbered())
    assert.deepEqual(held(), { items: [item('a', 9), item('b', 9)], removed: [3] })
  })

  it('counts ids for the database they are of, and no other', async () => {
    open('q', 'there').appendNow([item('a', 7)], [9])
    open().appendNow([item('b', 8)], [1])
    await open().append([item('c', 3)], [], 'there')
    const { items, removed } = held()
    assert.deepEqual(items, [item('a'), item('b', 8), item('c')])
    assert.deepEqual(removed, [1])
    assert.deepEqual(held(open('q', 'there')).items, [item('a', 7), item('b'), item('c', 3)])
  })

  it('is told apart by the case of its queue, also where file names are not', () => {
    open('q').appendNow([item('a')])
    open('Q').appendNow([item('b')])
    const names = readdirSync(directory).map((name) => name.toLowerCase())
    assert.equal(new Set(names).size, 2)
  })

  it('is nobody else’s business', () => {
    open().appendNow([item('a')])
    assert.equal(statSync(open().path).mode & 0o77, 0)
  })

  it('stays as it was when it cannot be written', async () => {
    open().appendNow([item('a')])
    const before = readFileSync(open().path)
    const broken = function* () {
      yield item('b')
      throw new Error('broken')
    }
    assert.throws(() => open().appendNow(broken()), /broken/)
    await assert.rejects(open().append(broken()), /broken/)
    assert.deepEqual(readFileSync(open().path), before)
    assert.deepEqual(readdirSync(directory).length, 1)
    mkdirSync(`${open().path}.draft/in the way`, { recursive: true })
    assert.throws(() => open().appendNow([item('c')]))
    assert.deepEqual(readFileSync(open().path), before)
  })

  it('with a line that cannot be read says which, and stays', () => {
    open().appendNow([item('a')])
    appendFileSync(open().path, '{"key":\n')
    const before = readFileSync(open().path)
    assert.throws(() => held(), {
      code: 'MQ_UNAVAILABLE',
      message: /q\.rescue\.jsonl, line 3: .* Correct the line or delete it/,
    })
    assert.deepEqual(readFileSync(open().path), before)
  })
})
