import type { Row } from './driver.ts'

/** Rows in portions that one statement can hold. A row longer than `mostCharacters` goes alone. */
export function* portions(
  rows: Iterable<Row>,
  mostRows: number,
  mostCharacters = Number.POSITIVE_INFINITY,
): Generator<Row[]> {
  let portion: Row[] = []
  let characters = 0
  for (const row of rows) {
    const length = row.key.length + row.val.length
    const isFull = portion.length === mostRows || characters + length > mostCharacters
    if (portion.length > 0 && isFull) {
      yield portion
      portion = []
      characters = 0
    }
    portion.push(row)
    characters += length
  }
  if (portion.length > 0) yield portion
}
