import assert from 'node:assert/strict'
import { constants } from 'node:buffer'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { RescueFile } from '../../../src/sql/rescue-file.ts'
import type { RescuedItem } from '../../../src/sql/rescue-lines.ts'
import { SmallDisk } from '../../support/small-disk.ts'

const item = (key: string, id?: number) => ({ ...(id && { id }), key, val: key, val_type: null })

describe('a rescue file', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mqueue-rescue-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))
  const open = (queue = 'q', store = 'here') => new RescueFile(directory, 'id', queue, [store])

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
    open().appendNow(() => [item('a'), item('b', 7)])
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
      () => many,
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
    open().appendNow(() => [item('a'), item('b', 7)], [3])
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
    open('q', 'there').appendNow(() => [item('a', 7)], [9])
    open().appendNow(() => [item('b', 8)], [1])
    await open().append([item('c', 3)], [], ['there'])
    const { items, removed } = held()
    assert.deepEqual(items, [item('a'), item('b', 8), item('c')])
    assert.deepEqual(removed, [1])
    assert.deepEqual(held(open('q', 'there')).items, [item('a', 7), item('b'), item('c', 3)])
  })

  it('keeps the others when an item is too large for a line, and tells it', async function () {
    this.timeout(180_000)
    // Each of these characters is six in JSON, or three bytes in the file.
    const long = ['\u0001'.repeat(90_000_000), '漢'.repeat(180_000_000)]
    const large = long.map((val, i) => ({ ...item(`large ${i}`), val }))
    const items = [item('a'), ...large, item('b')]
    const { unkept, error } = open().appendNow(() => items)
    assert.equal(error, undefined)
    for (const told of [unkept, await open().append(items.slice(1, 2))]) {
      assert.equal(told[0]?.key, 'large 0')
      assert.match(told[0]?.reason ?? '', /too large for a line/)
    }
    assert.equal(unkept[1]?.key, 'large 1')
    assert.equal(
      held()
        .items.map(({ key }) => key)
        .join(),
      'a,b',
    )
  })

  it('takes more than a text can be long', function () {
    this.timeout(180_000)
    const disk = new SmallDisk(join(directory, 'disk'), 600_000)
    try {
      const file = new RescueFile(disk.path, 'id', 'q')
      const val = 'x'.repeat(1_000_000)
      const items = Array.from({ length: 550 }, (_, i) => ({ ...item(`${i}`), val }))
      assert.equal(file.appendNow(() => items).error, undefined)
      assert.ok(statSync(file.path).size > constants.MAX_STRING_LENGTH)
      let count = 0
      for (const { item } of file.entries()) {
        assert.equal(item?.key, String(count++))
        assert.equal(item?.val.length, val.length)
      }
      assert.equal(count, items.length)
    } finally {
      disk.unmount()
    }
  })

  describe('on a full disk', () => {
    let disk: SmallDisk
    beforeEach(() => {
      disk = new SmallDisk(join(directory, 'disk'), 1_000)
    })
    afterEach(() => disk.unmount())
    const here = () => new RescueFile(disk.path, 'id', 'q', ['here'])
    const some = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ ...item(`${i}`, i + 1), val: 'x'.repeat(990) }))
    const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i}`)
    const keysOf = (file: RescueFile) => [...file.entries()].map(({ item }) => item?.key)

    it('goes on in the second place, and comes together again in order', async () => {
      for (const before of [0, 100]) {
        disk.clear()
        here().delete()
        if (before > 0) here().appendNow(() => some(before))
        // There is no room for a new version of what is there.
        disk.fill(20)
        const { paths, error } = here().appendNow(() => some(200), [7])
        assert.equal(error, undefined)
        assert.equal(paths.length, 2)
        assert.equal(keysOf(here()).length < 200, true)
        disk.clear()
        const file = here()
        assert.equal(file.exists, true)
        await file.takeIn()
        await file.takeIn()
        assert.deepEqual(
          [...file.entries()].flatMap(({ item }) => item?.key ?? []),
          [...numbers(before), ...numbers(200)],
        )
        assert.deepEqual(
          [...file.entries()].flatMap(({ removed }) => removed ?? []),
          [7],
        )
        assert.equal(existsSync(paths[1] as string), false)
      }
    })

    it('is taken in once, also when that is interrupted', async () => {
      disk.fill(0)
      const { paths } = here().appendNow(() => some(3))
      const [path, ...others] = paths
      assert.deepEqual(others, [])
      const copy = readFileSync(path as string)
      disk.clear()
      await here().takeIn()
      mkdirSync(dirname(path as string), { recursive: true, mode: 0o700 })
      writeFileSync(path as string, copy)
      await here().takeIn()
      assert.deepEqual(keysOf(here()), numbers(3))
      assert.equal(existsSync(path as string), false)
    })

    it('is not taken from a directory that others may write to', async () => {
      disk.fill(0)
      const [path = ''] = here().appendNow(() => some(3)).paths
      chmodSync(dirname(path), 0o777)
      try {
        assert.equal(here().exists, false)
        const { done, error } = here().appendNow(() => some(3))
        assert.equal(done, 0)
        assert.match(String(error), /ENOSPC/)
      } finally {
        rmSync(dirname(path), { recursive: true })
      }
    })
  })

  it('is distinguished by the case of its queue, also where file names are not', () => {
    open('q').appendNow(() => [item('a')])
    open('Q').appendNow(() => [item('b')])
    const names = readdirSync(directory).map((name) => name.toLowerCase())
    assert.equal(new Set(names).size, 2)
  })

  it('is nobody else’s business', () => {
    open().appendNow(() => [item('a')])
    assert.equal(statSync(open().path).mode & 0o77, 0)
  })

  it('stays as it was when it cannot be written', async () => {
    open().appendNow(() => [item('a')])
    const before = readFileSync(open().path)
    const broken = function* () {
      yield item('b')
      throw new Error('broken')
    }
    assert.match(String(open().appendNow(broken).error), /broken/)
    await assert.rejects(open().append(broken()), /broken/)
    assert.deepEqual(readFileSync(open().path), before)
    assert.deepEqual(readdirSync(directory).length, 1)
    mkdirSync(`${open().path}.draft/in the way`, { recursive: true })
    await assert.rejects(open().append([item('c')]))
    assert.deepEqual(readFileSync(open().path), before)
  })

  it('with a line that cannot be read says which, and stays', () => {
    open().appendNow(() => [item('a')])
    appendFileSync(open().path, '{"key":\n')
    const before = readFileSync(open().path)
    assert.throws(() => held(), {
      code: 'MQ_UNAVAILABLE',
      message: /q\.rescue\.jsonl, line 3: .* Correct the line or delete it/,
    })
    assert.deepEqual(readFileSync(open().path), before)
  })
})
