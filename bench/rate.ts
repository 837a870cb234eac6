/** Operations per second of processor time, after a warm-up of a fifth as many. */
export function rate(operations: number, operate: (i: number) => void): number {
  let i = 0
  for (; i < operations / 5; i++) operate(i)
  const before = process.threadCpuUsage()
  const end = i + operations
  for (; i < end; i++) operate(i)
  const { user, system } = process.threadCpuUsage(before)
  return operations / ((user + system) / 1e6)
}
