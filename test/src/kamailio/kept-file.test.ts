import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeptFile } from '../../../src/kamailio/kept-file.ts'
import { SmallDisk } from '../../support/small-disk.ts'

describe('the file of what was fetched from Kamailio', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mqueue-kept-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('holds what is added behind what it held', () => {
    const file = new KeptFile(join(directory, 'new'), 'a*b/c')
    assert.deepEqual(file.read(), new Map())
    file.add(new Map([['q', [['a', '1']]]]))
    file.add(
      new Map([
        ['r', [['x', 'é\u0000\n']]],
        ['q', [['b', '2']]],
      ]),
    )
    const all = [
      [
        'q',
        [
          ['a', '1'],
          ['b', '2'],
        ],
      ],
      ['r', [['x', 'é\u0000\n']]],
    ]
    assert.deepEqual([...new KeptFile(join(directory, 'new'), 'a*b/c').read()], all)
    assert.deepEqual(readdirSync(join(directory, 'new')), ['a%2Ab%2Fc.kamailio.json'])
    assert.deepEqual([...file.take()], all)
    assert.deepEqual(file.take(), new Map())
  })

  describe('on a disk that is nearly full', () => {
    let disk: SmallDisk
    beforeEach(() => {
      disk = new SmallDisk(join(directory, 'disk'), 1_000)
    })
    afterEach(() => disk.unmount())

    it('stays as it was', () => {
      const file = new KeptFile(disk.path, 'a')
      file.add(new Map([['q', [['a', '1']]]]))
      disk.fill(2)
      const long = 'x'.repeat(50_000)
      assert.throws(() => file.add(new Map([['q', [['b', long]]]])), { code: 'ENOSPC' })
      assert.deepEqual([...file.read()], [['q', [['a', '1']]]])
    })
  })

  it('is for its user alone', () => {
    const file = new KeptFile(join(directory, 'new'), 'a')
    file.add(new Map([['q', [['a', '1']]]]))
    assert.equal(statSync(file.path).mode & 0o777, 0o600)
    assert.equal(statSync(join(directory, 'new')).mode & 0o777, 0o700)
  })
})
