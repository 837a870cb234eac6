import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RescueFile } from '../../../src/sql/rescue-file.ts'

const item = (key: string, id?: number) => ({ ...(id && { id }), key, val: key, val_type: null })

describe('a rescue file', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mqueue-rescue-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))
  const open = (queue = 'q', store = 'here') => new RescueFile(directory, 'id', queue, store)

  it('that is not there holds nothing', () => {
    assert.equal(open().exists, false)
    assert.deepEqual(open().read(), { items: [], removed: [] })
  })

  it('gives what was added to it, in order', () => {
    open().append([item('a'), item('b', 7)])
    open().append([item('c')], [1, 2])
    const { items, removed } = open().read()
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
    open().append(
      many,
      many.map(({ id }) => id ?? 0),
    )
    const { items, removed } = open().read()
    assert.equal(items.length, 200_000)
    assert.equal(removed.at(-1), 200_000)
  })

  it('counts ids for the database they are of, and no other', () => {
    open('q', 'there').append([item('a', 7)], [9])
    open().append([item('b', 8)], [1])
    const { items, removed } = open().read()
    assert.deepEqual(items, [item('a'), item('b', 8)])
    assert.deepEqual(removed, [1])
  })

  it('is gone when there is nothing left to hold', () => {
    open().append([item('a')])
    open().write({ items: [], removed: [] })
    assert.deepEqual(readdirSync(directory), [])
  })

  it('is told apart by the case of its queue, also where file names are not', () => {
    open('q').append([item('a')])
    open('Q').append([item('b')])
    const names = readdirSync(directory).map((name) => name.toLowerCase())
    assert.equal(new Set(names).size, 2)
  })

  it('is nobody else’s business', () => {
    open().append([item('a')])
    assert.equal(statSync(open().path).mode & 0o77, 0)
  })

  it('with a line that cannot be read says which, and stays', () => {
    open().append([item('a')])
    appendFileSync(open().path, '{"key":\n')
    const before = readFileSync(open().path)
    assert.throws(() => open().read(), {
      code: 'MQ_UNAVAILABLE',
      message: /q\.rescue\.jsonl, line 3: .* Mend the line or delete it/,
    })
    assert.deepEqual(readFileSync(open().path), before)
  })
})
