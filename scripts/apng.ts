/**
 * Writes pictures as one animated PNG, which every browser shows, and whatever knows only PNG shows the first picture of.
 * Where the format comes from: https://www.w3.org/TR/png-3/
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** A picture with three bytes for each point: red, green, blue. */
interface Picture {
  width: number
  height: number
  points: Buffer
}

/** A rectangle of a picture, in points. */
interface Part {
  x: number
  y: number
  width: number
  height: number
}

/** A picture, and for how many milliseconds it is shown. */
export interface Frame {
  png: Buffer
  ms: number
}

/** The distance of a prediction by Paeth to the three points around. */
function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [
    Math.abs(up - corner),
    Math.abs(left - corner),
    Math.abs(left + up - 2 * corner),
  ]
  if (a <= b && a <= c) return left
  return b <= c ? up : corner
}

/** What a filter predicts for a byte, from those before it. */
function predict(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  return filter === 4 ? paeth(left, up, corner) : 0
}

/**
 * Reads a PNG as browsers write their screenshots: 8 bits for each of RGB or RGBA, not interlaced.
 *
 * @throws for any other
 */
function decode(png: Buffer): Picture {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const [depth, colours, interlace] = [png[24], png[25], png[28]]
  if (depth !== 8 || (colours !== 2 && colours !== 6) || interlace !== 0) {
    throw new Error(`A PNG of ${depth} bits and colour type ${colours} cannot be read.`)
  }
  const data: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const end = at + 8 + png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, end))
  }
  const raw = inflateSync(Buffer.concat(data))
  const size = colours === 2 ? 3 : 4
  const line = width * size
  const bytes = Buffer.alloc(line * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (line + 1)] as number
    for (let x = 0; x < line; x++) {
      const at = y * line + x
      const left = x < size ? 0 : (bytes[at - size] as number)
      const up = y === 0 ? 0 : (bytes[at - line] as number)
      const corner = x < size || y === 0 ? 0 : (bytes[at - line - size] as number)
      bytes[at] = (raw[y * (line + 1) + 1 + x] as number) + predict(filter, left, up, corner)
    }
  }
  if (size === 3) return { width, height, points: bytes }
  const points = Buffer.alloc(width * height * 3)
  for (let at = 0; at < width * height; at++) bytes.copy(points, at * 3, at * 4, at * 4 + 3)
  return { width, height, points }
}

/** The smallest part in which two pictures differ; undefined where they are the same. */
function difference(before: Picture, after: Picture): Part | undefined {
  const { width, height } = after
  let [left, top, right, bottom] = [width, height, -1, -1]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3
      if (before.points.compare(after.points, at, at + 3, at, at + 3) === 0) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = y
    }
  }
  if (right < 0) return undefined
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }
}

/** A part of a picture, compressed: each line with the filter that leaves the smallest numbers, or all with none. */
function compress({ points, width }: Picture, part: Part): Buffer {
  const line = part.width * 3
  const rows = Array.from({ length: part.height }, (_, y) => {
    const at = ((part.y + y) * width + part.x) * 3
    return points.subarray(at, at + line)
  })
  const filtered = (filter: number, row: Buffer, above: Buffer) => {
    const out = Buffer.alloc(line + 1, filter)
    for (let x = 0; x < line; x++) {
      const [left, corner] = x < 3 ? [0, 0] : [row[x - 3] as number, above[x - 3] as number]
      out[x + 1] = (row[x] as number) - predict(filter, left, above[x] as number, corner)
    }
    return out
  }
  const sum = (row: Buffer) => row.reduce((total, byte) => total + Math.min(byte, 256 - byte), 0)
  const aboveOf = (y: number) => rows[y - 1] ?? Buffer.alloc(line)
  const plain = rows.map((row, y) => filtered(0, row, aboveOf(y)))
  const best = rows.map((row, y) =>
    [0, 1, 2, 3, 4]
      .map((filter) => filtered(filter, row, aboveOf(y)))
      .reduce((least, other) => (sum(other) < sum(least) ? other : least)),
  )
  const [first, second] = [plain, best].map((all) => deflateSync(Buffer.concat(all), { level: 9 }))
  return (first as Buffer).length < (second as Buffer).length
    ? (first as Buffer)
    : (second as Buffer)
}

function chunk(type: string, data: Buffer): Buffer {
  const out = Buffer.alloc(data.length + 12)
  out.writeUInt32BE(data.length, 0)
  out.write(type, 4, 'latin1')
  data.copy(out, 8)
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8)
  return out
}

const numbers = (...values: number[]) => {
  const out = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) out.writeUInt32BE(value, index * 4)
  return out
}

/**
 * Makes an animation that repeats without end.
 *
 * @param frames the pictures, all of one size; one that is the same as the one before prolongs it
 */
export function animate(frames: Frame[]): Buffer {
  const shown: { picture: Picture; part: Part; ms: number }[] = []
  for (const { png, ms } of frames) {
    const picture = decode(png)
    const last = shown.at(-1)
    const part = last
      ? difference(last.picture, picture)
      : { x: 0, y: 0, width: picture.width, height: picture.height }
    if (part !== undefined) shown.push({ picture, part, ms })
    else if (last !== undefined) last.ms += ms
  }
  const { width, height } = (shown[0] as { picture: Picture }).picture
  let sequence = 0
  const chunks = shown.flatMap(({ picture, part, ms }, index) => {
    const place = numbers(sequence++, part.width, part.height, part.x, part.y)
    // The time in thousandths of a second. The picture stays, and the next part is laid over it.
    const time = Buffer.from([ms >> 8, ms & 255, 1000 >> 8, 1000 & 255, 0, 0])
    const control = chunk('fcTL', Buffer.concat([place, time]))
    const data = compress(picture, part)
    if (index === 0) return [control, chunk('IDAT', data)]
    return [control, chunk('fdAT', Buffer.concat([numbers(sequence++), data]))]
  })
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', Buffer.concat([numbers(width, height), Buffer.from([8, 2, 0, 0, 0])])),
    chunk('acTL', numbers(shown.length, 0)),
    ...chunks,
    chunk('IEND', Buffer.alloc(0)),
  ])
}
