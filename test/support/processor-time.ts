/** The time that the processor spent on some work, in ms. What else runs on the machine does not count in it. */
export function processorTime(work: () => void): number {
  const before = process.cpuUsage()
  work()
  return process.cpuUsage(before).user / 1000
}
