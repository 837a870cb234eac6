import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeptFile } from '../../../src/kamailio/kept-file.ts'

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
    file.remove()
    file.remove()
    assert.deepEqual(file.read(), new Map())
  })

  it('is for its user alone', () => {
    const file = new KeptFile(join(directory, 'new'), 'a')
    file.add(new Map([['q', [['a', '1']]]]))
    assert.equal(statSync(file.path).mode & 0o777, 0o600)
    assert.equal(statSync(join(directory, 'new')).mode & 0o777, 0o700)
  })
})
