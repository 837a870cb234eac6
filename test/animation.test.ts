/** The animation at the top of the README, as scripts/animation.ts has made it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, inflateSync } from 'node:zlib'
import { PROJECT } from './support/node-red.ts'
import { read, targets } from './support/pages.ts'

const FILE = 'docs/images/animation.png'
const PNG = readFileSync(join(PROJECT, FILE))

function chunks(): { type: string; data: Buffer }[] {
  const found = []
  for (let at = 8; at < PNG.length; at += 12 + PNG.readUInt32BE(at)) {
    const end = at + 8 + PNG.readUInt32BE(at)
    assert.equal(PNG.readUInt32BE(end), crc32(PNG.subarray(at + 4, end)))
    found.push({ type: PNG.toString('latin1', at + 4, at + 8), data: PNG.subarray(at + 8, end) })
  }
  return found
}
const data = (wanted: string) =>
  chunks()
    .filter(({ type }) => type === wanted)
    .map((one) => one.data)
const numbers = (from: Buffer, at: number, count: number) =>
  Array.from({ length: count }, (_, index) => from.readUInt32BE(at + index * 4))

describe('the animation of the README', () => {
  it('is the first picture there', () => {
    const picture = /!\[[^\]]*\]\([^)]*\)/.exec(read('README.md'))?.[0] ?? ''
    assert.deepEqual(
      targets('README.md', picture).map(({ path }) => path),
      [FILE],
    )
  })

  it('takes some eight seconds, and repeats', () => {
    const times = data('fcTL').map((part) => part.readUInt16BE(20) / part.readUInt16BE(22))
    const seconds = times.reduce((sum, time) => sum + time, 0)
    assert.ok(seconds > 7 && seconds < 10, `${seconds} s`)
    assert.deepEqual(numbers(data('acTL')[0] as Buffer, 0, 2), [times.length, 0])
    assert.ok(times.length > 20, `${times.length} pictures`)
  })

  it('is an animated PNG whose pictures can be read', () => {
    const [width = 0, height = 0] = numbers(data('IHDR')[0] as Buffer, 0, 2)
    const parts = data('fcTL').map((part) => numbers(part, 4, 4))
    const pictures = [...data('IDAT'), ...data('fdAT').map((part) => part.subarray(4))]
    assert.equal(pictures.length, parts.length)
    for (const [index, [w = 0, h = 0, x = 0, y = 0]] of parts.entries()) {
      assert.ok(x + w <= width && y + h <= height)
      assert.equal(inflateSync(pictures[index] as Buffer).length, (w * 3 + 1) * h)
    }
    const sequence = chunks()
      .filter(({ type }) => type === 'fcTL' || type === 'fdAT')
      .map((chunk) => chunk.data.readUInt32BE(0))
    assert.deepEqual(sequence, Array.from(sequence.keys()))
  })
})
