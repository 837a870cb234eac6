/** The most of some values, and at least 1, so that a queue where little happens looks like one. */
export function scaleOf(...lines: readonly (readonly number[])[]): number {
  return lines.flat().reduce((most, value) => (value > most ? value : most), 1)
}

/**
 * A line as the path of an SVG picture. It has a gap where a value is not known.
 *
 * @param values the values, from left to right; NaN where one is not known
 * @param most the value at the top
 */
export function pathOf(
  values: readonly number[],
  width: number,
  height: number,
  most: number,
): string {
  const step = values.length > 1 ? width / (values.length - 1) : 0
  let path = ''
  let isDrawing = false
  for (const [index, value] of values.entries()) {
    if (!Number.isNaN(value)) {
      const y = height - (Math.min(value, most) / most) * height
      path += `${isDrawing ? 'L' : 'M'}${rounded(index * step)} ${rounded(y)}`
      // A value alone is a dot.
      if (!isDrawing && Number.isNaN(values[index + 1] ?? Number.NaN)) path += 'h0.1'
    }
    isDrawing = !Number.isNaN(value)
  }
  return path
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
